const BYTES = 16

/** 128 random bits as text. Not `crypto.randomUUID`: that is missing in browsers on pages without TLS. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
