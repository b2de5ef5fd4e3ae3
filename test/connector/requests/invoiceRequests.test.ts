import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Alarms } from '../../../connector/health/alarms.ts';
import type { Memos } from '../../../connector/invoices/memo.ts';
import type { Minting } from '../../../connector/invoices/mint.ts';
import { type Lnd, LndError } from '../../../connector/lnd/contract.ts';
import {
  INVOICE_EXPIRY_SECONDS,
  type InvoiceRequestLimits,
  InvoiceRequests,
} from '../../../connector/requests/invoiceRequests.ts';
import {
  addCreator,
  addOption,
  assignNode,
  closeCreator,
  type InvoiceRequest,
  type Lease,
  type Ledger,
  type NewInvoiceRequest,
  openOptionId,
  putInvoiceRequest,
  readInvoiceRequest,
  takeLease,
} from '../../../shared/ledger/index.ts';
import { hex, lead, NOW, openBook } from '../../shared/ledger/book.ts';
import { memosOf } from '../memos.ts';
import { openLog, Time, until } from '../stage.ts';
import { type Fault, type Sent, tampered } from '../tampered.ts';

type Terms = Parameters<Lnd['addBolt11Invoice']>[0];
const ENDLESS = { perSecond: 1e9, burst: 1e9 };
const BOUNDLESS: InvoiceRequestLimits = { all: ENDLESS, creator: ENDLESS, client: ENDLESS };

let ledger: Ledger;
let close: () => Promise<void>;
let lease: Lease;
let time: Time;
let logged: ReturnType<typeof openLog>;
let memos: Memos;
let alarms: Alarms;
let abort: AbortController;
/** What lnd was asked for, and what it does about it. */
let asked: Terms[];
let onAsk: (terms: Terms) => Promise<void> | void;
let ended: Promise<unknown>;

beforeEach(async () => {
  ({ ledger, close } = await openBook());
  lease = await lead(ledger);
  time = new Time();
  logged = openLog();
  alarms = new Alarms(logged.log);
  memos = await memosOf(ledger, lease.node);
  abort = new AbortController();
  asked = [];
  onAsk = () => {};
  ended = Promise.resolve();
  await addCreator(ledger, { handle: 'alice', name: 'Alice' }, NOW);
});

afterEach(async () => {
  abort.abort();
  await ended.catch(() => {});
  await close();
});

const addBolt11Invoice: Lnd['addBolt11Invoice'] = async (terms) => {
  asked.push(terms);
  const number = asked.length;
  await onAsk(terms);
  return { paymentRequest: `lnbcrt1p${number}`, paymentHash: hex(`hash ${number}`) };
};

/** An InvoiceRequests that runs. */
function start(limits = BOUNDLESS, over = ledger): InvoiceRequests {
  const minting: Minting = {
    ledger: over,
    lease,
    lnd: { addBolt11Invoice } as Partial<Lnd> as Lnd,
    memos,
    log: logged.log,
    alarms,
    clock: time.clock,
    expirySeconds: 31_536_000,
    routeHints: false,
    rotateAfter: 1_000,
    patiently: (write) => write(),
  };
  const mint = new InvoiceRequests(minting, limits, time.steadyMs);
  ended = mint.run(abort.signal);
  ended.catch(() => {});
  return mint;
}

/** Put an ask into the table; nobody hints at it. */
async function put(more: Partial<NewInvoiceRequest> = {}): Promise<string> {
  const id = randomBytes(16).toString('base64url');
  const handle = more.handle ?? 'alice';
  await putInvoiceRequest(ledger, {
    id,
    handle,
    optionId: openOptionId(handle),
    amountMsat: 2_100n,
    descriptionHash: hex('metadata'),
    client: 'one',
    createdAt: time.clock(),
    ...more,
  });
  return id;
}

const answered = (id: string): Promise<InvoiceRequest> =>
  until(async () => {
    const ask = await readInvoiceRequest(ledger, id);
    return ask?.status !== 'open' && ask;
  });
const allAnswered = (ids: readonly string[]) => Promise.all(ids.map(answered));
const statuses = (asks: readonly InvoiceRequest[]) => asks.map(({ status }) => status);

describe('an ask', () => {
  it('is answered with an invoice that lnd made for it alone', async () => {
    const id = await put();
    start().hint(id);
    expect(await answered(id)).toMatchObject({
      status: 'minted',
      paymentRequest: 'lnbcrt1p1',
      paymentHash: hex('hash 1'),
      expiresAt: new Date(time.clock().getTime() + INVOICE_EXPIRY_SECONDS * 1000),
    });
    expect(asked).toEqual([
      {
        memo: memos.write('alice', { optionId: openOptionId('alice'), requestId: id }, time.clock()).memo,
        amountMsat: 2_100n,
        descriptionHash: createHash('sha256').update('metadata').digest('hex'),
        expirySeconds: 600,
        routeHints: false,
      },
    ]);
  });

  it('is answered once, however often it is hinted at and found', async () => {
    const id = await put();
    const mint = start();
    onAsk = () => new Promise((resolve) => setTimeout(resolve, 20));
    for (let time = 0; time < 5; time++) mint.hint(id);
    await mint.look();
    await answered(id);
    mint.hint(id);
    await mint.look();
    const other = await put();
    mint.hint(other);
    await answered(other);
    expect(asked.map(({ memo }) => memo.includes(id))).toEqual([true, false]);
  });

  it('is found without a hint, in whichever list it lies', async () => {
    const ids = await Promise.all(Array.from({ length: 40 }, () => put()));
    await start().look();
    expect(statuses(await allAnswered(ids))).toEqual(Array(40).fill('minted'));
    expect(asked).toHaveLength(40);
  });

  it('that the table does not have is no trouble', async () => {
    const mint = start();
    mint.hint('A'.repeat(22));
    const id = await put();
    mint.hint(id);
    expect(await answered(id)).toMatchObject({ status: 'minted' });
    expect(logged.lines).toEqual([]);
  });

  it.each<[string, () => Promise<Partial<NewInvoiceRequest>>]>([
    ['an option that is not there', async () => ({ optionId: 'o999999999' })],
    ['a creator who is not there', async () => ({ handle: 'nobody' })],
    [
      'an option of another creator',
      async () => {
        await addCreator(ledger, { handle: 'bob', name: 'Bob' }, NOW);
        const coffee = { label: 'Coffee', amountMsat: 1_000n };
        return { optionId: (await addOption(ledger, 'bob', coffee, NOW, randomBytes)).id };
      },
    ],
    [
      'a creator who closed meanwhile',
      async () => {
        await addCreator(ledger, { handle: 'carol', name: 'Carol' }, NOW);
        await closeCreator(ledger, 'carol');
        return { handle: 'carol' };
      },
    ],
  ])('for %s is refused, and lnd is not asked', async (_, of) => {
    const id = await put(await of());
    start().hint(id);
    expect(await answered(id)).toMatchObject({
      status: 'refused',
      reason: expect.stringContaining('option'),
    });
    expect(asked).toEqual([]);
  });
});

describe('an ask for a creator of another node', () => {
  const OTHER = `03${hex('other')}`;

  beforeEach(async () => {
    const terms = { node: OTHER, network: 'regtest', holder: 'other', seen: undefined } as const;
    await takeLease(ledger, { ...terms, beside: true });
    await addCreator(ledger, { handle: 'bob', name: 'Bob' }, NOW);
    await assignNode(ledger, 'bob', OTHER, NOW);
  });

  it('is left to the connector of that node, whose own ones it answers beside', async () => {
    const [bobs, alices] = [await put({ handle: 'bob' }), await put()];
    const mint = start();
    mint.hint(bobs);
    mint.hint(alices);
    expect(await answered(alices)).toMatchObject({ status: 'minted' });
    await mint.look();
    const again = await put();
    mint.hint(again);
    await answered(again);
    expect(await readInvoiceRequest(ledger, bobs)).toMatchObject({ status: 'open' });
    expect(asked.map(({ memo }) => memo.startsWith('Tip alice'))).toEqual([true, true]);
  });

  it('counts against no limit here', async () => {
    const one = { perSecond: 0.001, burst: 1 };
    const mint = start({ all: one, creator: one, client: one });
    mint.hint(await put({ handle: 'bob' }));
    const alices = await put();
    mint.hint(alices);
    expect(await answered(alices)).toMatchObject({ status: 'minted' });
  });

  it('is ended here when nobody there answers it in time', async () => {
    const id = await put({ handle: 'bob' });
    const mint = start();
    await mint.look();
    const alices = await put();
    mint.hint(alices);
    await answered(alices);
    time.ms += 3_501;
    await mint.look();
    expect(await answered(id)).toMatchObject({
      status: 'refused',
      reason: 'the invoice could not be made in time; ask again',
    });
    expect(asked).toHaveLength(1);
  });
});

describe('an ask that comes late', () => {
  const away = { status: 'refused', reason: 'the invoice could not be made in time; ask again' };
  const minted = { status: 'minted' };
  const SECOND = 1_000;

  // Another machine wrote the time of asking: within a minute the difference says nothing of how long one waited.
  it.each([
    ['an hour ago, before the connector was there', 3_600 * SECOND, away],
    ['more than a minute ago', 60 * SECOND + 1, away],
    ['a minute ago, as far as the clocks agree', 60 * SECOND, minted],
    ['a moment ago', 10, minted],
    ['in a minute, by a clock that is ahead', -60 * SECOND, minted],
    ['in an hour, by a clock that is far ahead', -3_600 * SECOND, minted],
  ])('is judged by its own time only when that is surely past: %s', async (_, ageMs, answer) => {
    const id = await put({ createdAt: new Date(time.clock().getTime() - ageMs) });
    start().hint(id);
    expect(await answered(id)).toMatchObject(answer);
    expect(asked).toHaveLength(answer === minted ? 1 : 0);
  });

  it('is refused when it was seen long ago, whatever clocks say: who asked has gone', async () => {
    let fails = true;
    const mint = start(
      BOUNDLESS,
      tampered(ledger, ({ name }) =>
        fails && name === 'BatchGetItemCommand' ? { fail: new Error('the table is away') } : undefined,
      ),
    );
    const ids = [await put(), await put({ createdAt: new Date(time.clock().getTime() + 60_000) })];
    for (const id of ids) mint.hint(id);
    await until(() => logged.has('an ask could not be answered'));
    time.jumpedMs = -30_000;
    await time.pass(3_501);
    fails = false;
    await until(async () => {
      await mint.look();
      return (await Promise.all(ids.map((id) => readInvoiceRequest(ledger, id)))).every(
        (ask) => ask?.status !== 'open',
      );
    });
    for (const id of ids) expect(await readInvoiceRequest(ledger, id)).toMatchObject(away);
    expect(asked).toEqual([]);
  });

  it('is refused, too, when it became late behind others at lnd', async () => {
    const ids = await Promise.all(Array.from({ length: 14 }, () => put()));
    const go = gate();
    onAsk = () => go.promise as Promise<void>;
    const mint = start();
    for (const id of ids) mint.hint(id);
    await until(() => asked.length >= 8);
    await time.pass(10_000);
    go.resolve(undefined);
    const asks = await allAnswered(ids);
    expect(statuses(asks).sort()).toEqual([...Array(8).fill('minted'), ...Array(6).fill('refused')]);
    expect(asked).toHaveLength(8);
  });
});

function gate() {
  let resolve: (value: unknown) => void = () => {};
  const promise = new Promise((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

describe('many asks', () => {
  it('come to lnd eight at a time, and use that', async () => {
    let now = 0;
    let most = 0;
    onAsk = async () => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 2));
      now--;
    };
    const ids = await Promise.all(Array.from({ length: 150 }, () => put()));
    const mint = start();
    for (const id of ids) mint.hint(id);
    expect(statuses(await allAnswered(ids))).toEqual(Array(150).fill('minted'));
    expect(most).toBe(8);
  });

  it.each<[keyof InvoiceRequestLimits, Partial<NewInvoiceRequest>]>([
    ['client', { client: 'two' }],
    ['creator', { handle: 'bob' }],
  ])('of one %s are bounded, and leave room for another', async (limit, other) => {
    await addCreator(ledger, { handle: 'bob', name: 'Bob' }, NOW);
    const mint = start({ ...BOUNDLESS, [limit]: { perSecond: 2, burst: 3 } });
    const ask = async (more: Partial<NewInvoiceRequest> = {}) => {
      const id = await put(more);
      mint.hint(id);
      return (await answered(id)).status;
    };
    const some = async (count: number) => {
      const all: string[] = [];
      for (let each = 0; each < count; each++) all.push(await ask());
      return all;
    };
    expect(await some(5)).toEqual(['minted', 'minted', 'minted', 'refused', 'refused']);
    expect(await ask(other)).toBe('minted');
    await time.pass(1_000);
    expect(await some(3)).toEqual(['minted', 'minted', 'refused']);
    expect(asked).toHaveLength(6);
  });

  it('in all are bounded', async () => {
    const mint = start({ ...BOUNDLESS, all: { perSecond: 1, burst: 10 } });
    const ids = await Promise.all(Array.from({ length: 30 }, (_, at) => put({ client: `client ${at}` })));
    for (const id of ids) mint.hint(id);
    const asks = await allAnswered(ids);
    expect(asks.filter(({ status }) => status === 'minted')).toHaveLength(10);
    expect(asked).toHaveLength(10);
    expect(asks.find(({ status }) => status === 'refused')?.reason).toContain('too many');
  });

  it('of one client do not use up what others may ask', async () => {
    const mint = start({ ...BOUNDLESS, client: { perSecond: 0, burst: 2 }, all: { perSecond: 0, burst: 5 } });
    const greedy = await Promise.all(Array.from({ length: 20 }, () => put()));
    for (const id of greedy) mint.hint(id);
    await allAnswered(greedy);
    const others = await Promise.all([1, 2, 3].map((at) => put({ client: `other ${at}` })));
    for (const id of others) mint.hint(id);
    expect(statuses(await allAnswered(others))).toEqual(Array(3).fill('minted'));
  });
});

describe('when lnd', () => {
  it('refuses an invoice, the ask is refused with an alarm, and others are answered', async () => {
    onAsk = ({ amountMsat }) => {
      if (amountMsat === 1n) throw new LndError('addInvoice', { code: 2, details: 'amount is too odd' });
    };
    const [bad, good] = [await put({ amountMsat: 1n }), await put()];
    const mint = start();
    mint.hint(bad);
    mint.hint(good);
    expect(await answered(bad)).toMatchObject({
      status: 'refused',
      reason: expect.stringContaining('refused'),
    });
    expect(await answered(good)).toMatchObject({ status: 'minted' });
    expect(logged.alarms()).toMatchObject([
      { alarm: 'mint-failed', handle: 'alice', error: expect.stringContaining('too odd') },
    ]);
  });

  it.each([
    [14, 'Connection dropped'],
    [4, 'Deadline exceeded after 3.001s'],
    [2, 'wallet locked, unlock it to enable full RPC access'],
  ])(
    'is away (code %s, %s), the connection ends, and the ask stays open for the next',
    async (code, details) => {
      onAsk = () => {
        throw new LndError('addInvoice', { code, details });
      };
      const id = await put();
      start().hint(id);
      await expect(ended).rejects.toMatchObject({ name: 'LndError', details });
      expect(await readInvoiceRequest(ledger, id)).toMatchObject({ status: 'open' });
      onAsk = () => {};
      await start().look();
      expect(await answered(id)).toMatchObject({ status: 'minted' });
    },
  );
});

describe('when the table', () => {
  const isAnswer = ({ name, input }: Sent) =>
    name === 'PutItemCommand' && input.Item.status.S === 'minted' && input.Item.pk.S.startsWith('ask#');
  const away = new Error('the table is away');

  it.each<[string, (sent: Sent) => boolean]>([
    ['does not give the ask', ({ name }) => name === 'BatchGetItemCommand'],
    ['does not give the creator', ({ name, input }) => name === 'GetItemCommand' && !!input.Key],
    ['does not take the answer', isAnswer],
  ])('%s, the ask stays open and is answered when it is found again', async (_, meets) => {
    let fails = true;
    const fault = (sent: Sent): Fault | undefined => (fails && meets(sent) ? { fail: away } : undefined);
    const mint = start(BOUNDLESS, tampered(ledger, fault));
    const id = await put();
    mint.hint(id);
    await until(() => logged.has('an ask could not be answered'));
    expect(await readInvoiceRequest(ledger, id)).toMatchObject({ status: 'open' });
    fails = false;
    await until(async () => {
      await mint.look();
      return (await readInvoiceRequest(ledger, id))?.status === 'minted';
    });
  });

  it('took an answer of which nothing was heard, the ask keeps that one', async () => {
    let lost = 0;
    const fault = (sent: Sent): Fault | undefined =>
      isAnswer(sent) && lost++ === 0 ? { failAfter: away } : undefined;
    const mint = start(BOUNDLESS, tampered(ledger, fault));
    const id = await put();
    mint.hint(id);
    const { paymentRequest } = await answered(id);
    await until(() => logged.has('an ask could not be answered'));
    mint.hint(id);
    await mint.look();
    const other = await put();
    mint.hint(other);
    await answered(other);
    expect((await readInvoiceRequest(ledger, id))?.paymentRequest).toBe(paymentRequest);
    expect(asked).toHaveLength(2);
  });
});

describe('an end', () => {
  it('comes when it is told, while nothing is asked for', async () => {
    start();
    abort.abort();
    await ended;
  });

  it('comes after what is in hand is answered, and what waits stays open', async () => {
    const ids = await Promise.all(Array.from({ length: 1_000 }, () => put()));
    const go = gate();
    onAsk = () => go.promise as Promise<void>;
    const mint = start();
    for (const id of ids) mint.hint(id);
    await until(() => asked.length >= 8);
    abort.abort();
    go.resolve(undefined);
    await ended;
    const now = statuses(
      (await Promise.all(ids.map((id) => readInvoiceRequest(ledger, id)))) as InvoiceRequest[],
    );
    expect(now.filter((status) => status === 'open')).toHaveLength(200);
    expect(now.filter((status) => status === 'minted')).toHaveLength(800);
  });
});
