import { computeAddress, Interface } from 'ethers'
import type { Random } from '#scripts/simulate/random.ts'
import { LOCAL_DEPLOYER_KEY } from '#scripts/stack/settings.ts'
import { rose, withAlarm } from '../alarm.ts'
import type { Bed } from '../bed.ts'
import { drain } from '../drain.ts'
import type { Fault, Scene } from '../fault.ts'
import type { Finding } from '../finding.ts'
import { type Payment, payBatch, type Player } from '../stage.ts'
import type { Intent } from '../story.ts'

const RULES = new Interface(['function setCaps(uint96 perPayment, uint128 perWindow, uint32 windowSeconds)'])
const UNLIMITED_PER_PAYMENT = 2n ** 96n - 1n
const UNLIMITED_PER_WINDOW = 2n ** 128n - 1n
const WINDOW_SECONDS = 86_400n
/** The load's payments are far below, the poisoned ones far above, and all of them are what people have. */
const CAP = 10n ** 11n
const POISON = 10n ** 12n
const ENDED_WITHIN_S = 30
const POLL_MS = 50

/** The owner of an economy's rules is the platform's deployer. */
async function setCap(bed: Bed, { partner }: Player, perPayment: bigint): Promise<void> {
  const data = RULES.encodeFunctionData('setCaps', [perPayment, UNLIMITED_PER_WINDOW, WINDOW_SECONDS])
  const hash = await bed.chain.rpc('eth_sendTransaction', [
    { from: computeAddress(LOCAL_DEPLOYER_KEY), to: partner.economy.token_rules_address, data },
  ])
  while ((await bed.chain.rpc('eth_getTransactionReceipt', [hash])) === null)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
}

interface Asked {
  payment: Payment
  becomes: 'confirmed' | 'failed' | 'refused'
}

const outcomes = new WeakMap<Scene, { asked: readonly Asked[]; intents: readonly Intent[] }>()

/** Pays a batch in which some cannot land, waits for it, and lets the others off. */
function poisoned(
  id: string,
  name: string,
  batch: (scene: Scene, random: Random) => readonly Asked[],
): Fault {
  return withAlarm(
    {
      id,
      name,
      drainedWithinS: 30,
      isAlone: true,
      async inject(bed, random, scene) {
        const { stage } = scene
        const [player] = stage.players
        await setCap(bed, player, CAP)
        const asked = batch(scene, random)
        const intents = await payBatch(
          player,
          stage.story,
          `${id}-${scene.seed}`,
          asked.map(({ payment }) => payment),
        )
        outcomes.set(scene, { asked, intents })
        await scene.load.stop()
        await drain(stage, performance.now(), ENDED_WITHIN_S)
      },
      heal: async (bed, scene) => setCap(bed, scene.stage.players[0], UNLIMITED_PER_PAYMENT),
      check: judge,
    },
    rose('ost_ledger_transactions_failed_total'),
  )
}

async function judge(scene: Scene): Promise<Finding[]> {
  const { asked, intents } = outcomes.get(scene) ?? { asked: [], intents: [] }
  const rows = await scene.stage.bed.postgres.sql<{ id: string; status: string }>(
    'SELECT id, status FROM transaction_state WHERE id = ANY ($1)',
    [intents.flatMap(({ answer }) => (answer && 'transactionId' in answer ? answer.transactionId : []))],
  )
  const statuses = new Map(rows.map(({ id, status }) => [id, status]))
  const became = ({ answer }: Intent): string | undefined => {
    if (answer === undefined) return undefined
    return 'transactionId' in answer ? statuses.get(answer.transactionId) : 'refused'
  }
  return asked.flatMap(({ becomes }, index): Finding[] => {
    const intent = intents[index]
    const actual = intent && became(intent)
    if (actual === becomes) return []
    return [{ verdict: 'V1', kind: 'mismatch', what: `item ${index} is ${actual} instead of ${becomes}` }]
  })
}

const ITEMS = 50

function paymentOf({ stage }: Scene, random: Random, more: bigint): Payment {
  const to = random.pick(stage.players[0].partner.users).id
  return { type: 'reward', to, amount: more + stage.nextAmount() }
}

export const oneSkipped = poisoned(
  'F6',
  'one payment of 50 is refused by the contract; the other 49 land',
  (scene, random) => {
    const unlucky = random.below(ITEMS)
    return Array.from(
      { length: ITEMS },
      (_, index): Asked =>
        index === unlucky
          ? { payment: paymentOf(scene, random, POISON), becomes: 'failed' }
          : { payment: paymentOf(scene, random, 0n), becomes: 'confirmed' },
    )
  },
)

/** A user whom no economy has. */
const NOBODY = 'usr_01h455vb4pex5vsknk084sn02q'

export const poisonItems = poisoned(
  'poison-item',
  'a batch holds items that nobody can ever pay, at the door or on the chain',
  (scene, random) => [
    { payment: paymentOf(scene, random, POISON), becomes: 'failed' },
    ...Array.from({ length: 20 }, (): Asked => {
      switch (random.weighted({ fine: 6, poison: 2, nobody: 1, too_much: 1 })) {
        case 'fine':
          return { payment: paymentOf(scene, random, 0n), becomes: 'confirmed' }
        case 'poison':
          return { payment: paymentOf(scene, random, POISON), becomes: 'failed' }
        case 'nobody':
          return {
            payment: { type: 'reward', to: NOBODY, amount: scene.stage.nextAmount() },
            becomes: 'refused',
          }
        case 'too_much':
          return { payment: paymentOf(scene, random, 10n ** 30n), becomes: 'refused' }
      }
    }),
  ],
)
