/**
 * For fault tests: ends the process with SIGKILL when it gets to a named point of its work, as a crash there would. Whatever
 * happens then, each payment is made once.
 *
 * @param killAt The point's name, and after a colon how many times it is passed first: `after_sign`, `after_sign:3`.
 */
export function createReach(killAt: string): (point: string) => void {
  const [name, times = '0'] = killAt.split(':')
  let left = Number(times)
  return (point) => {
    if (point !== name) return
    if (left === 0) process.kill(process.pid, 'SIGKILL')
    left -= 1
  }
}
