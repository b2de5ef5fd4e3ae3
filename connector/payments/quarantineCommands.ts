import { randomBytes } from 'node:crypto';
import pino from 'pino';
import type { Asked, Outcome, Parts } from '../../shared/command/command.ts';
import { UsageError } from '../../shared/command/failures.ts';
import { sleep } from '../../shared/concurrency/sleep.ts';
import { isShown, shownText } from '../../shared/contract/shownText.ts';
import {
  closeQuarantined,
  forgetQuarantined,
  type Lease,
  type Ledger,
  PAYMENT_KINDS,
  type QuarantinedEvent,
  readNodes,
  readQuarantine,
  readQuarantinedEvent,
} from '../../shared/ledger/index.ts';
import type { QUARANTINE, QUARANTINE_CLOSE, QUARANTINE_LIST } from '../flags.ts';
import { underLease } from '../lease.ts';
import { onLedger } from '../onNode.ts';
import { bookQuarantined, eventOf, QuarantineError, settlementOf } from './quarantine.ts';

const MOST_REASON = 500;

/** Text of payers and of strangers' nodes, so that no terminal can be played with. */
const plain = (text: string) =>
  text.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Do something with the events of the node that is named, or of the only one. */
const withEvents = (
  { values }: Asked<typeof QUARANTINE>,
  { env }: Parts,
  work: (ledger: Ledger, node: string) => Promise<Outcome>,
) => onLedger(values, env, async (ledger) => work(ledger, values.node ?? (await onlyNode(ledger))));

/** Do something with the one that is named. */
const withEvent = (
  asked: Asked<typeof QUARANTINE>,
  parts: Parts,
  work: (ledger: Ledger, node: string, quarantined: QuarantinedEvent) => Promise<Outcome>,
) =>
  withEvents(asked, parts, async (ledger, node) => {
    const id = asked.words[0]!;
    const quarantined = await readQuarantinedEvent(ledger, node, id);
    if (!quarantined) throw new UsageError(`id: "${id}" is not one of the events of node ${node}`);
    return work(ledger, node, quarantined);
  });

export const list = (asked: Asked<typeof QUARANTINE_LIST>, parts: Parts) =>
  withEvents(asked, parts, async (ledger, node) => {
    const { all = false } = asked.values;
    const shown: QuarantinedEvent[] = [];
    for await (const quarantined of readQuarantine(ledger, node))
      if (all || quarantined.status === 'open') shown.push(quarantined);
    const none = all ? 'nothing was set aside' : 'nothing is open';
    return { body: shown.map(bodyOf), text: shown.map(lines).join('\n') || none };
  });

export const show = (asked: Asked<typeof QUARANTINE>, parts: Parts) =>
  withEvent(asked, parts, async (_, __, quarantined) => {
    const event = eventOf(quarantined);
    return { body: { ...bodyOf(quarantined), event }, text: `${lines(quarantined)}\n${plain(event)}` };
  });

export const book = (asked: Asked<typeof QUARANTINE_CLOSE>, parts: Parts) => close(asked, parts, 'book');

export const dismiss = (asked: Asked<typeof QUARANTINE_CLOSE>, parts: Parts) =>
  close(asked, parts, 'dismiss');

export const forget = (asked: Asked<typeof QUARANTINE>, parts: Parts) =>
  withEvent(asked, parts, async (ledger, node, { id, status }) => {
    if (status === 'open') throw new UsageError('id: it is open; book or dismiss it first');
    await leading(ledger, node, async (lease) => {
      await forgetQuarantined(ledger, lease, id);
    });
    return { body: { id, status, forgotten: true }, text: `forgot what ${id} told` };
  });

async function onlyNode(ledger: Ledger): Promise<string> {
  const nodes: string[] = [];
  for await (const node of readNodes(ledger)) nodes.push(node);
  if (nodes.length === 1) return nodes[0]!;
  if (nodes.length === 0) throw new UsageError('the table has seen no node yet');
  throw new UsageError(`--node: the table has several: ${nodes.join(', ')}`);
}

/** Do something under the lease of a node, as an operator. */
const leading = (ledger: Ledger, node: string, work: (lease: Lease) => Promise<void>) =>
  underLease({ ledger, sleep }, { node, holder: `quarantine ${randomBytes(4).toString('hex')}` }, work);

const close = (
  asked: Asked<typeof QUARANTINE_CLOSE>,
  parts: Parts,
  command: 'book' | 'dismiss',
): Promise<Outcome> => {
  const { reason } = asked.values;
  if (!isShown(reason, MOST_REASON))
    throw new UsageError(`--reason: expected why, ${shownText(MOST_REASON, reason)}`);
  return withEvent(asked, parts, async (ledger, node, quarantined) => {
    if (quarantined.status !== 'open')
      throw new UsageError(`id: it was ${quarantined.status} before: ${plain(quarantined.note ?? '')}`);
    const clock = () => new Date();
    let outcome: Outcome = {};
    await leading(ledger, node, async (lease) => {
      if (command === 'dismiss') {
        await closeQuarantined(ledger, lease, {
          id: quarantined.id,
          status: 'dismissed',
          note: reason,
          now: clock(),
        });
        outcome = { body: { id: quarantined.id, status: 'dismissed' }, text: `dismissed ${quarantined.id}` };
        return;
      }
      const log = pino({ level: 'warn' }, pino.destination(2));
      const tip = await bookQuarantined(
        { ledger, log, clock, random: randomBytes },
        lease,
        quarantined,
        reason,
      ).catch((error) => {
        if (error instanceof QuarantineError) throw new UsageError(`id: ${error.message}`);
        throw error;
      });
      const { amountMsat, handle, via, setId } = tip;
      outcome = {
        body: {
          id: quarantined.id,
          status: 'booked',
          tip: { handle, amountMsat: amountMsat.toString(), via, setId },
        },
        text: `booked ${amountMsat} msat for ${handle}, ${PAYMENT_KINDS[via].id} ${setId}`,
      };
    });
    return outcome;
  });
};

/** An event for programs; what its payer or a stranger wrote is in it as it came. */
function bodyOf(quarantined: QuarantinedEvent) {
  const { id, status, reason, via = null, note = null, closedAt, cutFrom = null } = quarantined;
  const settlement = settlementOf(quarantined);
  return {
    id,
    status,
    reason,
    via,
    payment: settlement
      ? {
          amountMsat: settlement.amountMsat.toString(),
          paymentAddr: settlement.paymentAddr,
          memo: settlement.memo,
        }
      : null,
    cutFrom,
    note,
    closedAt: closedAt?.toISOString() ?? null,
  };
}

function lines(quarantined: QuarantinedEvent): string {
  const { id, status, reason, note, closedAt, cutFrom } = quarantined;
  const settlement = settlementOf(quarantined);
  return [
    `${id}  ${status}`,
    `  why      ${plain(reason)}`,
    ...(settlement
      ? [
          `  payment  ${settlement.amountMsat} msat to ${settlement.paymentAddr}, memo ${plain(JSON.stringify(settlement.memo))}`,
        ]
      : []),
    ...(cutFrom === undefined ? [] : [`  cut      to its start, from ${cutFrom} bytes`]),
    ...(note === undefined ? [] : [`  closed   ${closedAt?.toISOString()}: ${plain(note)}`]),
  ].join('\n');
}
