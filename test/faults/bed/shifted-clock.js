/**
 * Loaded before one of our processes (`node --import`): its wall clock is CLOCK_OFFSET_MS ahead of everybody's, and jumps to as
 * much behind at SIGUSR2. Timers and the monotonic clock stay what they are, as they do when somebody sets a machine's time.
 */
const Real = Date
let offsetMs = Number(process.env.CLOCK_OFFSET_MS ?? 0)

process.on('SIGUSR2', () => {
  offsetMs = -offsetMs
})

globalThis.Date = class extends Real {
  constructor(...args) {
    if (args.length === 0) super(Real.now() + offsetMs)
    else super(...args)
  }

  static now() {
    return Real.now() + offsetMs
  }
}
