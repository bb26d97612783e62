// The explorer page: GraphiQL with our key kept for this browser tab only, and examples as tabs.
const keyInput = document.getElementById('key')
const economyInput = document.getElementById('economy')
const status = document.getElementById('status')

for (const [input, name] of [
  [keyInput, 'ost-key'],
  [economyInput, 'ost-economy'],
]) {
  input.value = sessionStorage.getItem(name) ?? ''
  input.addEventListener('input', () => sessionStorage.setItem(name, input.value.trim()))
}

async function fetcher(params) {
  const key = keyInput.value.trim()
  status.value = key ? '' : 'Enter an API key: npm start prints one.'
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key && { authorization: `Bearer ${key}` }),
      ...(economyInput.value.trim() && { 'ost-economy': economyInput.value.trim() }),
    },
    body: JSON.stringify(params),
  })
  return response.json()
}

const EXAMPLES = [
  `# The economy's token\nquery Token {\n  token {\n    name\n    symbol\n    supply\n    company { available }\n    rates { currency price asOf }\n  }\n}\n`,
  `# Users and what they have\nquery Users {\n  users(first: 10) {\n    nodes { id name externalId wallet { address custody } balance { settled held available pendingIn } }\n    pageInfo { hasNextPage endCursor }\n  }\n}\n`,
  `# The latest transactions\nquery Transactions {\n  transactions(first: 10) {\n    nodes { id status amount commission fromUserId toUserId chain { txHash blockNumber feeWei } failure { code reason } }\n  }\n}\n`,
  `# Move tokens: fill in two user ids. The same key again answers with the first result.\nmutation Tip($from: ID!, $to: ID!) {\n  executeTransaction(\n    input: { type: "tip", fromUserId: $from, toUserId: $to, amount: "1000000000000000000" }\n    idempotencyKey: "my-first-tip"\n  ) {\n    id\n    status\n    transfers { kind amount }\n  }\n}\n`,
]

const root = ReactDOM.createRoot(document.getElementById('explorer'))

/** A new key is a new session: GraphiQL starts over and reads the schema with it, so that docs and completion are there. */
function render() {
  root.render(
    React.createElement(GraphiQL, {
      key: `${keyInput.value}/${economyInput.value}`,
      fetcher,
      defaultTabs: EXAMPLES.map((query) => ({ query })),
      defaultEditorToolsVisibility: 'variables',
      shouldPersistHeaders: false,
    }),
  )
}

keyInput.addEventListener('change', render)
economyInput.addEventListener('change', render)
document.getElementById('credentials').addEventListener('submit', (event) => event.preventDefault())
status.value = keyInput.value ? '' : 'Enter an API key: npm start prints one.'
render()
