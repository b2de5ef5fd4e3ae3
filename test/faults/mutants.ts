import { claimIn, Memos } from '../../connector/invoices/memo.ts';
import type { LndEvent, SettledPayment } from '../../connector/lnd/contract.ts';
import type { InvoiceMessage } from '../../connector/lnd/messages.ts';
import type { AmpSettlement } from '../../connector/payments/amp.ts';
import { toEvent } from '../../connector/payments/events.ts';
import type { Shape } from './engine.ts';
import type { Sabotage } from './sabotage.ts';
import type { WorldOptions } from './world.ts';

type Make = NonNullable<WorldOptions['sabotage']>;

/** Changes the actions of transactions, each by itself. */
const actions = (change: (action: Shape) => Shape): Sabotage => ({
  rewrite: (operation, input) =>
    operation === 'TransactWriteItems' ? { ...input, TransactItems: input.TransactItems.map(change) } : input,
});

const startsWith = (prefix: string, action: Shape) =>
  (action?.Item ?? action?.Key)?.pk?.S?.startsWith(prefix) === true;

function withoutCondition(action: Shape): Shape {
  const { ConditionExpression: _, ReturnValuesOnConditionCheckFailure: __, ...rest } = action;
  const used = (name: string) => rest.UpdateExpression?.includes(name);
  const only = (map: Shape) => map && Object.fromEntries(Object.entries(map).filter(([name]) => used(name)));
  const names = only(rest.ExpressionAttributeNames);
  const values = only(rest.ExpressionAttributeValues);
  return {
    ...rest,
    ExpressionAttributeNames: names && Object.keys(names).length > 0 ? names : undefined,
    ExpressionAttributeValues: values && Object.keys(values).length > 0 ? values : undefined,
  };
}

/** A row's write does not demand that the row is not there. */
const rowsWithoutAbsence: Make = () =>
  actions((each) => (startsWith('tip#', each.Put) ? { Put: withoutCondition(each.Put) } : each));

/** A commit does not demand the lease's epoch. */
const commitsWithoutEpoch: Make = () =>
  actions((each) => (startsWith('node#', each.Update) ? { Update: withoutCondition(each.Update) } : each));

/** Nor does a sign of life. */
const nothingWithEpoch: Make = (world) => ({
  rewrite: (operation, input, actor) =>
    operation === 'UpdateItem' && !input.UpdateExpression.includes('#epoch')
      ? withoutCondition(input)
      : commitsWithoutEpoch(world).rewrite!(operation, input, actor),
});

/** A lease that went to another is given back all the same. */
const lateRelease: Make = () => ({
  rewrite: (operation, input) =>
    operation === 'UpdateItem' && input.ExpressionAttributeValues?.[':holder']?.S === ''
      ? withoutCondition(input)
      : input,
});

/** A lease is taken whatever its holder did meanwhile. */
const takenUnseen: Make = () => ({
  rewrite: (operation, input) =>
    operation === 'UpdateItem' &&
    input.UpdateExpression?.includes('#holder') &&
    input.ExpressionAttributeValues[':holder'].S !== ''
      ? withoutCondition(input)
      : input,
});

/** What lnd says was paid to the whole invoice is taken for the payment's own amount. */
const cumulativeAmount: Make = () => ({
  telling: {
    event(event: LndEvent): LndEvent {
      if (event.kind !== 'amp') return event;
      const { raw } = event;
      const settlement = event.settlement as AmpSettlement;
      const amountMsat = BigInt((raw as Shape).amt_paid_msat);
      const [first, ...others] = settlement.shards;
      const more = amountMsat - settlement.amountMsat;
      const shards = first ? [{ ...first, amountMsat: first.amountMsat + more }, ...others] : [];
      const read: AmpSettlement = { ...settlement, amountMsat, shards };
      return { kind: 'amp', raw, settlement: read };
    },
  },
});

/** Reads the payments that lnd tells of in another way, wherever it tells of them. */
const misread = (read: (payment: SettledPayment) => LndEvent): Sabotage => ({
  telling: {
    event: (event) => (event.kind === 'unreadable' || event.kind === 'other' ? event : read(event)),
    plain: (invoices) =>
      invoices.map((invoice) => {
        const { settled } = invoice;
        const event = settled && !('reason' in settled) && read(settled);
        return event && event.kind !== 'other' ? { ...invoice, settled: event } : invoice;
      }),
  },
});

/** The amount of a plain payment is read from the field that lnd cuts to satoshi. */
const satoshi: Make = () =>
  misread((event) => {
    if (event.kind !== 'bolt11') return event;
    const amountMsat = BigInt((event.raw as Shape).amt_paid_sat) * 1_000n;
    const read = { ...event.settlement, amountMsat, parts: [amountMsat] };
    return { ...event, settlement: read };
  });

/** HTLCs that failed count for shards. */
const failedCounted: Make = () =>
  misread((event) => {
    const settled = (event.raw as Shape).htlcs.map((htlc: Shape) => ({ ...htlc, state: 'SETTLED' }));
    return toEvent({ ...(event.raw as Shape), htlcs: settled } as InvoiceMessage);
  });

/** Settle indexes count for identities: what comes at or below the highest one is taken for known, and no audit looks. */
const trustedIndex: Make = (world) => {
  const highest = new Map<string, bigint>();
  const checkpoint = () => BigInt(world.engine().item(`node#${world.node}`, 'node')?.settleIndex?.N ?? 0);
  return {
    telling: {
      event(event, actor) {
        if (event.kind === 'unreadable') return event;
        const { settleIndex } = event.kind === 'other' ? event : event.settlement;
        const last = highest.get(actor.name) ?? checkpoint();
        if (settleIndex <= last) return undefined;
        highest.set(actor.name, settleIndex);
        return event;
      },
      ...blindAudit(world).telling,
    },
  };
};

/** The audit sees nothing at lnd that the table does not have. */
const blindAudit: Make = (world) => ({
  telling: {
    sets: (sets) => sets.filter(({ setId }) => world.engine().item(`tip#${setId}`, world.node)),
  },
});

/** The audit does not look at what was paid to plain invoices. */
const blindToPlain: Make = () => ({
  telling: { plain: (invoices) => invoices.map(({ settled: _, ...invoice }) => invoice) },
});

/** An invoice that is replaced is forgotten, and its payers with it. */
const retiredForgotten: Make = () =>
  actions((each) =>
    startsWith('invoice#', each.Update) && each.Update.ExpressionAttributeValues?.[':status']
      ? { Delete: { TableName: each.Update.TableName, Key: each.Update.Key } }
      : each,
  );

/** A row is written, and its invoice does not count it. */
const uncounted: Make = () => ({
  rewrite: (operation, input) =>
    operation === 'TransactWriteItems'
      ? {
          ...input,
          TransactItems: input.TransactItems.filter(
            (each: Shape) =>
              !(startsWith('invoice#', each.Update) && each.Update.UpdateExpression.includes('receivedMsat')),
          ),
        }
      : input,
});

/** Days are counted by nobody but the first tip of each. */
const daysWrittenOver: Make = () =>
  actions((each) =>
    startsWith('totals#', each.Update)
      ? {
          Update: {
            ...each.Update,
            UpdateExpression: each.Update.UpdateExpression.replace(
              'ADD #count :count, #amountMsat :amountMsat',
              'SET #count = :count, #amountMsat = :amountMsat',
            ),
          },
        }
      : each,
  );

/** A memo is believed whatever proves it: lnd is made to tell of one that verifies. */
const believedMemos: Make = (world) => ({
  telling: {
    event(event) {
      if (event.kind !== 'amp') return event;
      const { settlement } = event;
      const secret = world.engine().item('secret#memo', 'secret')?.secret.B;
      const claim = claimIn(settlement.memo);
      if (!secret || !claim || claim.proof) return event;
      const born = new Date(Number(settlement.creationDate) * 1000);
      const { memo } = new Memos(Buffer.from(secret, 'base64'), world.node).write('forged', claim, born);
      return { ...event, settlement: { ...settlement, memo } };
    },
  },
});

/** A memo is good for any number of invoices. */
const copiedMemos: Make = () => ({
  rewrite: (operation, input) =>
    operation === 'GetItem' && startsWith('memo#', input)
      ? { ...input, Key: { pk: { S: 'memo#none' }, sk: { S: 'memo' } } }
      : operation === 'TransactWriteItems'
        ? {
            ...input,
            TransactItems: input.TransactItems.map((each: Shape) =>
              startsWith('memo#', each.Put) ? { Put: withoutCondition(each.Put) } : each,
            ),
          }
        : input,
});

const onTotals =
  (change: (update: Shape) => Shape): Make =>
  () =>
    actions((each) =>
      startsWith('totals#', each.Update) && each.Update.Key.sk.S === 'all'
        ? { Update: change(each.Update) }
        : each,
    );

/** Totals are written whatever version they are, as long as no tip was booked since. */
const versionNotDemanded = onTotals((update) => {
  const { ':revWas': _, ...values } = update.ExpressionAttributeValues;
  const ConditionExpression = update.ConditionExpression.replace('#rev = :revWas AND ', '');
  return { ...update, ConditionExpression, ExpressionAttributeValues: values };
});

/** The last number is not kept: the next one follows on the number of rows. */
const numbersFromCount = onTotals((update) => {
  const { ':last': _, ...values } = update.ExpressionAttributeValues;
  const { '#last': __, ...names } = update.ExpressionAttributeNames;
  const UpdateExpression = update.UpdateExpression.replace(/, #last = :last\b/, '');
  return { ...update, UpdateExpression, ExpressionAttributeNames: names, ExpressionAttributeValues: values };
});

/** A commit moves the checkpoint to the highest index that was heard, while some of those below still wait. */
const checkpointOfWaiting: Make = () => {
  const highest = new Map<string, bigint>();
  return {
    telling: {
      event(event, { name }) {
        if (event.kind === 'unreadable') return event;
        const { settleIndex } = event.kind === 'other' ? event : event.settlement;
        if (settleIndex > (highest.get(name) ?? -1n)) highest.set(name, settleIndex);
        return event;
      },
    },
    rewrite: (operation, input, { name }) =>
      operation === 'TransactWriteItems'
        ? {
            ...input,
            TransactItems: input.TransactItems.map((each: Shape) => checkpointAt(each, highest.get(name))),
          }
        : input,
  };
};

function checkpointAt(action: Shape, index: bigint | undefined): Shape {
  const values = action.Update?.ExpressionAttributeValues;
  if (index === undefined || !startsWith('node#', action.Update) || !values[':settleIndex']) return action;
  const moved = { ...values, ':settleIndex': { N: index.toString() } };
  return { Update: { ...action.Update, ExpressionAttributeValues: moved } };
}

/** Invariants that are broken on purpose: a suite that does not notice is worth nothing. */
export const MUTANTS: Readonly<Record<string, Make>> = {
  'rows without the condition that they are absent': rowsWithoutAbsence,
  'nothing demands the epoch': nothingWithEpoch,
  'commits without the epoch': commitsWithoutEpoch,
  "the cumulative amount in place of the payment's own": cumulativeAmount,
  'plain amounts in satoshi': satoshi,
  'failed HTLCs counted as shards': failedCounted,
  'settle indexes trusted, and no audit': trustedIndex,
  'no audit': blindAudit,
  'no audit of plain invoices': blindToPlain,
  'a late release takes the new lease away': lateRelease,
  'a lease taken whatever its holder did meanwhile': takenUnseen,
  'retired invoices forgotten': retiredForgotten,
  'payments that their invoice does not count': uncounted,
  'days written over': daysWrittenOver,
  'memos believed without a proof': believedMemos,
  'memos good for many invoices': copiedMemos,
  'the version of totals not demanded': versionNotDemanded,
  'numbers from the count of rows': numbersFromCount,
  'the checkpoint moves to the highest that waits': checkpointOfWaiting,
};
