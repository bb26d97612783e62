/** Fastify with one route that returns a constant and none of our plugins: what the read row is measured against. */
import fastify from 'fastify'

const app = fastify({ logger: false })
app.get('/', async () => ({ object: 'balance', settled: '1000000000000000000', held: '0', pending_in: '0' }))
process.send?.(await app.listen({ host: '127.0.0.1', port: 0 }))
// Ends with whoever started it.
process.on('disconnect', () => process.exit(0))
