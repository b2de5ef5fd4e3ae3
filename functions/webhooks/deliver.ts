import { tipEvent } from '../../shared/contract/tip.ts';
import {
  type Attempt,
  claim,
  type Delivery,
  type DeliveryRef,
  type Ending,
  finish,
  type Ledger,
  noteFailure,
  noteSuccess,
  type QueuedDelivery,
  readAddressee,
  switchOff,
  validSecrets,
  type Webhook,
} from '../../shared/ledger/index.ts';
import { type Answer, offReason, verdictOn } from './policy.ts';
import { DEADLINE_MS, type Post } from './post.ts';
import { signed } from './sign.ts';
import { tellOfOff } from './switchedOff.ts';

export interface DeliverDeps {
  readonly ledger: Ledger;
  readonly post: Post;
  readonly clock: () => Date;
  /** So many random bytes. */
  readonly random: (length: number) => Uint8Array;
  /** Waits so many ms; ends early, without an error, when the signal aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Told of what went wrong here; a receiver that fails is none of it. */
  readonly report: (error: unknown) => void;
}

/** How a delivery was left. */
export interface Left {
  /** When it is due again; without it, it has ended, or another worker has it. */
  readonly again?: Date;
  /** Other deliveries that are new in the queue because of it. */
  readonly more: readonly QueuedDelivery[];
}

/** A worker has this long for one delivery, or another takes it: the POST, and the table's calls with their retries. */
export const CLAIM_MS = DEADLINE_MS + 50_000;
/** Between tries to write down what came of a POST: were it forgotten, the receiver would get the event again. */
const FINISH_AGAIN_MS = [100, 500, 2_000];

/**
 * Make one try of a delivery: claim it, look where its endpoint is now, post, and write down what came of it.
 * @param signal ends the POST at once; the delivery is then due again without having been tried
 * @throws what the table throws; the delivery is then due again, at the latest when its claim ends
 */
export async function deliver(deps: DeliverDeps, ref: DeliveryRef, signal: AbortSignal): Promise<Left> {
  const { ledger, clock } = deps;
  const from = clock();
  const until = new Date(from.getTime() + CLAIM_MS);
  const as = Buffer.from(deps.random(12)).toString('base64url');
  const delivery = await claim(ledger, ref, from, { as, until });
  if (!delivery) return { more: [] };
  const { webhook, tip } = await readAddressee(ledger, delivery);
  const end = async (ending: Ending, attempt?: Attempt): Promise<Left> => {
    await finishSurely(deps, delivery, { ending, ...(attempt && { attempt }) });
    return { ...('due' in ending && { again: ending.due }), more: [] };
  };
  if (webhook?.status !== 'enabled') {
    // Who switched it off may have died before telling.
    const more = webhook?.status === 'off' ? await tellOfOff(ledger, webhook, clock()) : [];
    await end({ state: 'dropped', reason: `the endpoint is ${webhook?.status ?? 'deleted'}` });
    return { more };
  }
  const at = clock();
  if (webhook.restUntil && webhook.restUntil > at) {
    const due = new Date(webhook.restUntil.getTime() + Math.floor(fraction(deps) * RESTED_WITHIN_MS));
    return end({ state: 'pending', due });
  }
  const body = delivery.body ?? (tip && JSON.stringify(tipEvent(tip)));
  if (body === undefined) return end({ state: 'failed', reason: 'what it tells of is not in the table' });
  // So late another worker could be at it before this POST ends.
  if (until.getTime() - at.getTime() < 2 * DEADLINE_MS)
    return end({ state: 'pending', due: at, isAtOnce: true });
  const headers = signed(validSecrets(webhook, at), delivery.eventId, at, body);
  const answer = await deps.post({ url: webhook.url, headers, body }, signal);
  if (signal.aborted && 'error' in answer) return end({ state: 'pending', due: clock(), isAtOnce: true });
  return judge(deps, { delivery, webhook, at, answer, end });
}

/** Those that waited for the end of a rest don't come back all at once. */
const RESTED_WITHIN_MS = 5_000;

/** A fraction from 0 to 1, 1 excluded. */
const fraction = ({ random }: DeliverDeps) => Buffer.from(random(4)).readUInt32BE() / 2 ** 32;

interface Tried {
  readonly delivery: Delivery;
  readonly webhook: Webhook;
  readonly at: Date;
  readonly answer: Answer;
  readonly end: (ending: Ending, attempt?: Attempt) => Promise<Left>;
}

/** Write down what came of a try, of the delivery and of its endpoint. */
async function judge(deps: DeliverDeps, { delivery, webhook, at, answer, end }: Tried): Promise<Left> {
  const { ledger, report } = deps;
  const { tries } = delivery;
  const now = deps.clock();
  const { durationMs } = answer;
  const attempt = {
    at,
    durationMs,
    ...('status' in answer ? { status: answer.status } : { error: answer.error }),
  };
  const verdict = verdictOn(answer, tries, now, fraction(deps));
  if (verdict.is === 'done') {
    const left = await end({ state: 'done' }, attempt);
    await noteSuccess(ledger, webhook).catch(report);
    return left;
  }
  const reason = offReason(answer, { tries, failingSince: webhook.failingSince, now });
  // Before the try is over: should this worker die, the next one finds the endpoint off, and tells.
  const off = reason === undefined ? undefined : await switchOff(ledger, webhook, reason, now);
  const more = off ? await tellOfOff(ledger, off, now) : [];
  const left = await end(
    verdict.is === 'again'
      ? { state: 'pending', due: verdict.due }
      : { state: 'failed', reason: verdict.reason },
    attempt,
  );
  if (!off) await noteFailure(ledger, webhook, now, verdict.restUntil).catch(report);
  return { ...left, more };
}

async function finishSurely(deps: DeliverDeps, delivery: Delivery, how: Parameters<typeof finish>[2]) {
  for (const waitMs of [...FINISH_AGAIN_MS, undefined]) {
    try {
      await finish(deps.ledger, delivery, how, deps.clock());
      return;
    } catch (error) {
      if (waitMs === undefined) throw error;
      await deps.sleep(waitMs);
    }
  }
}
