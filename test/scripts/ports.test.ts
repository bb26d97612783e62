import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { PortTaken, pickFreePorts, requireFreePort } from '#scripts/stack/ports.ts'

let server: Server | undefined
afterEach(() => server?.close())

describe('requireFreePort', () => {
  it('names the taken port, who has it and the variable that moves us', async () => {
    const [port = 0] = await pickFreePorts(1)
    const listener = createServer()
    server = listener
    await new Promise<void>((resolve) => listener.listen(port, '127.0.0.1', resolve))
    const refusal = requireFreePort(port, 'PostgreSQL', 'LOCAL_POSTGRES_PORT')
    await expect(refusal).rejects.toThrow(PortTaken)
    await expect(refusal).rejects.toThrow(
      new RegExp(
        `^Port ${port}, wanted for PostgreSQL, is used by .+: stop that or set LOCAL_POSTGRES_PORT to a free port\\.$`,
      ),
    )
    if (process.platform === 'linux') await expect(refusal).rejects.toThrow(`(process ${process.pid})`)
  })

  it('is content with a free port', async () => {
    const [port = 0] = await pickFreePorts(1)
    await expect(requireFreePort(port, 'Redis', 'LOCAL_REDIS_PORT')).resolves.toBeUndefined()
  })
})

describe('pickFreePorts', () => {
  it('picks different ports', async () => {
    expect(new Set(await pickFreePorts(20)).size).toBe(20)
  })

  it('picks none that an outgoing connection may get, and none twice though nobody listens on it', async () => {
    const ports = (await Promise.all(Array.from({ length: 50 }, () => pickFreePorts(20)))).flat()
    expect(new Set(ports).size).toBe(1_000)
    expect(Math.max(...ports)).toBeLessThan(32_768)
  })
})
