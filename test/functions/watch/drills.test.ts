import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it, onTestFailed } from 'vitest';
import { LndError } from '../../../connector/lnd/contract.ts';
import { checkSums, TURN_MS } from '../../../functions/outbox/checkSums.ts';
import { measure } from '../../../functions/watch/measure.ts';
import {
  addCreator,
  closeQuarantined,
  enqueueDeliveries,
  markHanded,
  park,
  readNode,
  readQuarantine,
  readTip,
  readVitalSigns,
  saveCheckTurn,
  takeLease,
} from '../../../shared/ledger/index.ts';
import { keyItem, keys } from '../../../shared/ledger/keys.ts';
import { memosOf, strangersMemos } from '../../connector/memos.ts';
import { setIdOf } from '../../connector/played.ts';
import { openStage, type Stage, until } from '../../connector/stage.ts';
import { gather, NOW } from '../../shared/ledger/book.ts';
import { openAlarms } from './alarmed.ts';

const MINUTE_MS = 60_000;
/** The connector tells once a minute, when it next looks. */
const TOLD_WITHIN_MS = 2 * MINUTE_MS + 5_000;
const DAY_MS = 86_400_000;

let stage: Stage;
let alarms: ReturnType<typeof openAlarms>;
let started: ReturnType<Stage['start']> | undefined;

beforeEach(async () => {
  stage = await openStage();
  alarms = openAlarms();
  started = undefined;
  onTestFailed(() => console.error(JSON.stringify(alarms.minutes)));
});
afterEach(() => stage.close());

const now = () => stage.time.clock();

async function startConnector() {
  started = stage.start();
  stage.time.flow();
  await started.live();
  await stage.current();
  stage.time.halt();
}

async function stopConnector() {
  stage.time.flow();
  await started!.stop();
  stage.time.halt();
  started = undefined;
}

/** Time passes, a minute or until a connector that runs has written what it had to write by then. */
async function minute() {
  await stage.time.pass(MINUTE_MS);
  if (started)
    await until(async () => {
      const [node] = await gather(readVitalSigns(stage.ledger));
      const { aliveAt } = node?.signs ?? {};
      if (aliveAt && now().getTime() - aliveAt.getTime() < TOLD_WITHIN_MS) return true;
      // It was kept waiting by this machine when it should have told.
      await stage.time.pass(1_000);
      return false;
    });
  alarms.tell(await measure(stage.ledger, now()), now());
}

/** Minutes pass until these alarms are on. @returns how many */
async function passUntil(pages: string[], most: number): Promise<number> {
  const began = stage.time.ms;
  for (let looks = 0; looks < most; looks++) {
    await minute();
    if (JSON.stringify(alarms.on()) === JSON.stringify(pages)) return (stage.time.ms - began) / MINUTE_MS;
  }
  throw new Error(`after ${most} minutes these alarms are on: ${alarms.on()}`);
}

/** Minutes pass, and none of them changes which alarms are on. */
async function stays(pages: string[], minutes: number) {
  for (let passed = 0; passed < minutes; passed++) {
    await minute();
    expect(alarms.on()).toEqual(pages);
  }
}

describe('while all is well', () => {
  it('no alarm is on, with tips and without', async () => {
    await startConnector();
    await stays([], 3);
    const invoice = await stage.current();
    for (let tip = 0; tip < 5; tip++) stage.lnd.pay(invoice);
    await stays([], 6);
  });
});

describe('an alarm goes off, and is over', () => {
  it('before the first connector: nobody lives and nobody audits', async () => {
    await passUntil(['audit-drift', 'connector-silent'], 3);
    await startConnector();
    await passUntil([], 5);
    await stays([], 2);
  });

  it('when the connector is gone: within six minutes, until it is back', async () => {
    await startConnector();
    await stays([], 3);
    await stopConnector();
    expect(await passUntil(['connector-silent'], 10)).toBeLessThanOrEqual(6);
    await startConnector();
    await passUntil([], 5);
  });

  it('when the table takes no tips: the connector lives and falls behind, and the audit sees it, too', async () => {
    let busy = false;
    stage.ledger.client.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (busy && commandName === 'TransactWriteItemsCommand')
            throw Object.assign(new Error('slow down'), { name: 'ThrottlingException' });
          return next(args);
        },
      { step: 'initialize' },
    );
    await startConnector();
    await stays([], 3);
    busy = true;
    stage.lnd.setIndex(10n);
    const message = stage.lnd.pay(await stage.current());
    expect(await passUntil(['audit-drift', 'checkpoint-behind'], 30)).toBeGreaterThanOrEqual(15);
    busy = false;
    stage.time.flow();
    await until(() => readTip(stage.ledger, setIdOf(message)));
    stage.time.halt();
    await passUntil([], 30);
  });

  it('when a payment was not heard of: until it is booked, and seen', async () => {
    await startConnector();
    await stays([], 3);
    stage.lnd.setIndex(10n);
    const unheard = stage.lnd.message(await stage.current());
    stage.lnd.books.push(unheard);
    await passUntil(['audit-drift'], 20);
    expect(await readTip(stage.ledger, setIdOf(unheard))).toBeDefined();
    await passUntil([], 20);
  });

  it('when an event is set aside: until someone closes it', async () => {
    await startConnector();
    const { node } = stage.lnd;
    const memos = await memosOf(stage.ledger, node);
    const { memo } = memos.write('bob', { optionId: 'abcdefghij' }, now());
    stage.lnd.pay(await stage.lnd.mint(memo));
    const quarantined = await until(async () => (await gather(readQuarantine(stage.ledger, node)))[0]);
    await passUntil(['set-aside'], 2);
    await stopConnector();
    const seen = await readNode(stage.ledger, node);
    const lease = (await takeLease(stage.ledger, { node, network: 'regtest', holder: '', seen }))!;
    await closeQuarantined(stage.ledger, lease, {
      id: quarantined.id,
      status: 'dismissed',
      note: 'a drill',
      now: now(),
    });
    await startConnector();
    await passUntil([], 2);
  });

  it('when lnd mints no more: new options wait, and after a year invoices expire', async () => {
    await startConnector();
    stage.lnd.onMint = () => {
      throw new LndError('addInvoice', { code: 2, details: 'no space left on device' });
    };
    await addCreator(stage.ledger, { handle: 'bob', name: 'Bob' }, now());
    const refusedFor = await passUntil(['mint-failed'], 8);
    // It is tried again less and less often, and waits.
    expect(refusedFor + (await passUntil(['invoice-wanted'], 20))).toBeGreaterThanOrEqual(10);
    stage.time.jumpedMs = 361 * DAY_MS;
    await passUntil(['invoice-expiring', 'invoice-wanted'], 30);
    stage.lnd.onMint = () => {};
    // A failed option is tried again within an hour.
    await passUntil([], 90);
  });

  it("when lnd's indexes go back: for ten minutes", async () => {
    await startConnector();
    const invoice = await stage.current();
    for (let tip = 0; tip < 5; tip++) stage.lnd.pay(invoice);
    await stays([], 2);
    await stopConnector();
    await startConnector();
    await until(() => stage.lnd.isListenedTo);
    stage.lnd.setIndex(1n);
    const reused = setIdOf(stage.lnd.pay(invoice));
    await until(() => readTip(stage.ledger, reused));
    const within = await passUntil(['index-reused'], 3);
    // Who is to be told is told, though the process ends that told of it.
    await stopConnector();
    await startConnector();
    expect(within + (await passUntil([], 15))).toBeGreaterThanOrEqual(9);
  });

  it('when payments come whose memos do not verify: not at a few, which any stranger can send', async () => {
    await startConnector();
    const { memo } = strangersMemos(stage.lnd.node).write('alice', { optionId: 'abcdefghij' }, now());
    const copy = await stage.lnd.mint(memo);
    for (let tip = 0; tip < 9; tip++) stage.lnd.pay(copy);
    await stays([], 3);
    stage.lnd.pay(copy);
    await passUntil(['memo-unverified'], 2);
    await passUntil([], 12);
  });

  it('when a creator is flooded with dust: after some minutes of it', async () => {
    await startConnector();
    const invoice = await stage.current();
    for (let flooded = 0; flooded < 5; flooded++) {
      expect(alarms.on()).toEqual([]);
      let last: unknown;
      for (let tip = 0; tip < 100; tip++) last = stage.lnd.pay(invoice, { amountMsat: 1_000n });
      await until(() => readTip(stage.ledger, setIdOf(last)));
      await minute();
    }
    await passUntil(['dust'], 2);
    await passUntil([], 12);
  });

  it('when a tip can not be handed on: until it was', async () => {
    await startConnector();
    const parked = { id: 'a', reason: 'odd', record: {}, handle: 'alice', sequence: 1n };
    await park(stage.ledger, parked, now());
    await passUntil(['parked-records'], 1);
    await markHanded(stage.ledger, 'alice', [1n]);
    await passUntil([], 1);
  });

  it('when a sum is not that of the rows, until it is, and when nobody looks', async () => {
    await startConnector();
    const tip = setIdOf(stage.lnd.pay(await stage.current()));
    await until(() => readTip(stage.ledger, tip));
    const set = (amountMsat: string) =>
      stage.ledger.client.send(
        new UpdateItemCommand({
          TableName: stage.ledger.table,
          Key: keyItem(keys.totals('alice')),
          UpdateExpression: 'SET amountMsat = :it',
          ExpressionAttributeValues: { ':it': { N: amountMsat } },
        }),
      );
    const { amountMsat } = (await readTip(stage.ledger, tip))!;
    const check = (inMs = 0) =>
      checkSums({
        ledger: stage.ledger,
        clock: () => new Date(now().getTime() + inMs),
        report: () => {},
      });
    await set(`${amountMsat - 1n}`);
    await check();
    await passUntil(['sums-wrong'], 1);
    await set(`${amountMsat}`);
    await check(TURN_MS);
    await passUntil([], 5);
    const longAgo = new Date(now().getTime() - 3 * DAY_MS);
    await saveCheckTurn(stage.ledger, { begunAt: longAgo, endedAt: longAgo });
    await passUntil(['sums-wrong'], 5);
  });

  it('when webhooks are due and nobody sends them', async () => {
    await startConnector();
    const test = { endpointId: 'we_a1', handle: 'alice', eventId: 'one', type: 'endpoint.test' as const };
    await enqueueDeliveries(stage.ledger, [{ ...test, body: '{}', at: NOW }], now());
    expect(await passUntil(['deliveries-late'], 20)).toBeGreaterThanOrEqual(10);
  });
});
