// What the official SDKs of 2018 and 2019 do with the calls on our pages, as recorded from them: which request, how it is signed.
// They are no longer on npm; the pages name them as integrations do.
const { createHmac } = require('node:crypto')

const strictly = (text) =>
  encodeURIComponent(text)
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%20/g, '+')

function pairs(params, within = '') {
  const name = (key) => (within === '' ? strictly(key) : `${within}%5B${strictly(key)}%5D`)
  return Object.keys(params)
    .sort()
    .flatMap((key) => {
      const value = params[key]
      if (Array.isArray(value)) return value.map((one) => `${name(key)}%5B%5D=${strictly(String(one))}`)
      if (typeof value === 'object') return pairs(value, name(key))
      return [`${name(key)}=${strictly(String(value))}`]
    })
}

module.exports = class OSTSDK {
  constructor({ apiKey, apiSecret, apiEndpoint }) {
    const base = apiEndpoint.replace(/\/$/, '')
    const isV2 = base.split('/')[4] === 'v2'
    const call = async (method, path, params = {}) => {
      const now = Math.floor(Date.now() / 1_000)
      const all = isV2
        ? {
            ...params,
            api_key: apiKey,
            api_request_timestamp: now,
            api_signature_kind: 'OST1-HMAC-SHA256',
          }
        : { ...params, api_key: apiKey, request_timestamp: now }
      const query = pairs(all).join('&')
      const signature = createHmac('sha256', apiSecret).update(`${path}?${query}`).digest('hex')
      const sent = `${query}&${isV2 ? 'api_signature' : 'signature'}=${signature}`
      const answer = await fetch(
        method === 'GET' ? `${base}${path}?${sent}` : `${base}${path}`,
        method === 'GET'
          ? {}
          : { method, body: sent, headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      )
      const body = await answer.json()
      if (!body.success) throw new Error(JSON.stringify(body.err))
      return body
    }
    const own = isV2 ? '' : '/'
    this.services = {
      users: {
        create: (params) => call('POST', `/users${own}`, params),
        getList: (params) => call('GET', `/users${own}`, params),
      },
      tokens: { get: (params) => call('GET', '/tokens', params) },
      rules: { getList: (params) => call('GET', '/rules', params) },
      transactions: {
        execute: (params) =>
          call('POST', isV2 ? `/users/${params.user_id}/transactions` : '/transactions/', params),
      },
      webhooks: { create: (params) => call('POST', '/webhooks/', params) },
    }
  }
}
