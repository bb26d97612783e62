// The explorer page: GraphiQL with our key, kept for this tab or, if wished, on this device, and examples as tabs.
const form = document.getElementById('credentials')
const keyInput = document.getElementById('key')
const economyInput = document.getElementById('economy')
const rememberInput = document.getElementById('remember')
const status = document.getElementById('status')
const HINT = 'Enter an API key: npm start prints one.'
const KEPT = [
  [keyInput, 'ost-key'],
  [economyInput, 'ost-economy'],
]

rememberInput.checked = localStorage.getItem('ost-key') !== null
for (const [input, name] of KEPT)
  input.value = sessionStorage.getItem(name) ?? localStorage.getItem(name) ?? ''

function keep() {
  for (const [input, name] of KEPT) {
    const value = input.value.trim()
    sessionStorage.setItem(name, value)
    if (rememberInput.checked && value) localStorage.setItem(name, value)
    else localStorage.removeItem(name)
  }
  status.value = keyInput.value.trim() ? '' : HINT
}

const credentials = () => ({
  ...(keyInput.value.trim() && { authorization: `Bearer ${keyInput.value.trim()}` }),
  ...(economyInput.value.trim() && { 'ost-economy': economyInput.value.trim() }),
})

/** Subscriptions go through a socket, opened when the first one begins and closed with the last. */
function connect() {
  const { authorization, 'ost-economy': economy } = credentials()
  return graphqlWs.createClient({
    url: `${location.origin.replace('http', 'ws')}/graphql`,
    connectionParams: { authorization, economy },
    lazy: true,
    retryAttempts: 0,
    on: {
      opened: () => (status.value = 'Listening…'),
      closed: ({ code, reason }) =>
        (status.value = code === 1000 ? '' : `The socket was closed: ${reason || code}`),
    },
  })
}

const EXAMPLES = [
  [
    '# The economy’s token',
    'query Token {\n  token {\n    name\n    symbol\n    supply\n    company { available }\n    rates { currency price asOf }\n  }\n}',
  ],
  [
    '# Users and what they have, page by page: give endCursor as after',
    'query Users($after: String) {\n  users(first: 10, after: $after) {\n    edges {\n      cursor\n      node { id name externalId wallet { address custody } balance { settled held available pendingIn } }\n    }\n    pageInfo { hasNextPage endCursor }\n  }\n}',
  ],
  [
    '# The latest transactions, and who took part in them',
    'query Transactions {\n  transactions(first: 10) {\n    nodes {\n      id status amount commission\n      type { name }\n      fromUser { name }\n      toUser { name }\n      chain { txHash blockNumber feeWei }\n      failure { code reason }\n    }\n  }\n}',
  ],
  [
    '# Move tokens: fill in two user ids. The same key again answers with the first result.',
    'mutation Tip($from: ID!, $to: ID!) {\n  executeTransaction(\n    input: { type: "tip", fromUserId: $from, toUserId: $to, amount: "1000000000000000000" }\n    idempotencyKey: "my-first-tip"\n  ) {\n    id\n    status\n    transfers { kind amount }\n  }\n}',
    '{\n  "from": "usr_…",\n  "to": "usr_…"\n}',
  ],
  [
    '# What happens, as it happens. Go on where you stopped with after: the last cursor, or an event id.',
    'subscription Events($after: String) {\n  economyEvents(after: $after) {\n    cursor\n    node { id type createdAt data }\n  }\n}',
  ],
]

/** GraphiQL's editors have no names, so that a screen reader says no more than that there is text. */
const EDITORS = [
  ['.graphiql-query-editor textarea', 'Query'],
  ['.graphiql-editor-tool .graphiql-editor:nth-child(1) textarea', 'Variables'],
  ['.graphiql-editor-tool .graphiql-editor:nth-child(2) textarea', 'Headers'],
  ['.result-window textarea', 'Answer'],
]
function nameEditors() {
  for (const [selector, name] of EDITORS)
    for (const editor of document.querySelectorAll(selector)) editor.setAttribute('aria-label', name)
}
new MutationObserver(nameEditors).observe(document.getElementById('explorer'), {
  childList: true,
  subtree: true,
})

const root = ReactDOM.createRoot(document.getElementById('explorer'))

/** A new key is a new session: GraphiQL starts over, and a socket of the old key ends. */
function render() {
  keep()
  const wsClient = connect()
  const fetcher = GraphiQL.createFetcher({
    url: '/graphql',
    wsClient,
    fetch: (url, options) => fetch(url, { ...options, headers: { ...options.headers, ...credentials() } }),
  })
  root.render(
    React.createElement(GraphiQL, {
      key: `${keyInput.value}/${economyInput.value}`,
      fetcher,
      defaultTabs: EXAMPLES.map(([title, query, variables]) => ({
        query: `${title}\n${query}\n`,
        variables,
      })),
      defaultEditorToolsVisibility: 'variables',
      shouldPersistHeaders: false,
    }),
  )
}

for (const [input] of KEPT) input.addEventListener('change', render)
rememberInput.addEventListener('change', keep)
form.addEventListener('submit', (event) => {
  event.preventDefault()
  render()
})
render()
