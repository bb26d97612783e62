/** `node scripts/build.ts FOLDER`: api and worker as files to run, for an image. `npm start` and the tests build for themselves. */
import { resolve } from 'node:path'
import { buildPrograms } from './stack/programs.ts'

const [folder] = process.argv.slice(2)
if (folder === undefined) {
  console.error('node scripts/build.ts FOLDER: name the folder that api.js and worker.js go to.')
  process.exit(1)
}
await buildPrograms(resolve(folder))
