import type { MessageView, NextCall } from './decide-next.ts'
import { MESSAGE_STEPS, type MessageStepName } from './message.ts'
import type { MessageChange, MessageInWork } from './message-desk.ts'

const STEP_OF: Partial<Record<NextCall, MessageStepName>> = {
  declare: 'declare',
  confirm: 'confirm',
  progress_target: 'progress_target',
  progress_source: 'progress_source',
  progress_source_with_proof: 'progress_source',
}

/** How far each step of a message is, by what both gateways show and what we have sent. */
export function stepsOf(
  { submission, message }: MessageInWork,
  { source, target }: MessageView,
): MessageChange['steps'] {
  const isDone: Record<MessageStepName, boolean> = {
    declare: source.final !== 'undeclared',
    confirm: target.final !== 'undeclared',
    progress_target: target.final === 'progressed',
    progress_source: source.final === 'progressed',
  }
  const isSeen: Record<MessageStepName, boolean> = {
    declare: source.latest !== 'undeclared',
    confirm: target.latest !== 'undeclared',
    progress_target: target.latest === 'progressed',
    progress_source: source.latest === 'progressed',
  }
  return MESSAGE_STEPS.map((name) => {
    const isOurs = submission !== null && STEP_OF[submission.call] === name
    const isRunning = isSeen[name] || isOurs
    return {
      name,
      status: isDone[name] ? 'done' : isRunning ? 'running' : 'pending',
      txHash:
        isOurs && submission.status !== 'reverted'
          ? submission.txHash
          : name === 'declare' && isSeen.declare
            ? message.sentTxHash
            : null,
    }
  })
}
