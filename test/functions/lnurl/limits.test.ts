import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { InvoiceRequestLimits } from '../../../connector/requests/invoiceRequests.ts';
import { addCreator, readInvoiceRequest } from '../../../shared/ledger/index.ts';
import { openStage, type Stage, until } from './stage.ts';

const MANY = { perSecond: 10_000, burst: 10_000 };
const askedTooMuch = { status: 'ERROR', reason: expect.stringMatching(/too many invoices/) };
const minted = { pr: expect.stringMatching(/^lnbcrt/) };

/** A steady clock that stands still until it is told to go on. */
function handClock() {
  let ms = 0;
  return {
    steadyMs: () => ms,
    pass(passed: number) {
      ms += passed;
    },
  };
}

describe('one address may ask in a burst, and then as fast as its bucket fills', () => {
  let stage: Stage;
  const { steadyMs, pass } = handClock();
  let app: Stage['app'];
  beforeAll(async () => {
    stage = await openStage();
    await stage.startConnector().live();
    // Patience is measured by the same clock, which stands still: an invoice comes, or the test ends.
    app = stage.lnurl({ steadyMs, clientRate: { perSecond: 0.5, burst: 3 } });
  });
  afterAll(() => stage.close());
  const ask = (address: string) => stage.callback('amount=1000', { 'x-test-address': address }, app);

  test('of three, of which a fourth is refused without an ask', async () => {
    for (let asked = 0; asked < 3; asked++) expect(await ask('192.0.2.7')).toMatchObject(minted);
    const before = stage.mints();
    expect(await ask('192.0.2.7')).toEqual(askedTooMuch);
    expect(stage.mints()).toBe(before);
  });

  test('while another address asks undisturbed', async () => {
    expect(await ask('192.0.2.8')).toMatchObject(minted);
  });

  test('and again after two seconds, once', async () => {
    pass(1_999);
    expect(await ask('192.0.2.7')).toEqual(askedTooMuch);
    pass(1);
    expect(await ask('192.0.2.7')).toMatchObject(minted);
    expect(await ask('192.0.2.7')).toEqual(askedTooMuch);
  });

  test('and an IPv6 network counts as one address, however it is written', async () => {
    const written = ['2001:db8::1', '2001:db8:0:0:ffff::2', '2001:0db8:0000:0000:1:2:3:4'];
    for (const address of written.slice(0, 2)) expect(await ask(address)).toMatchObject(minted);
    expect(await ask(written[0]!)).toMatchObject(minted);
    expect(await ask(written[1]!)).toEqual(askedTooMuch);
    expect(await ask(written[2]!)).toEqual(askedTooMuch);
    expect(await ask('2001:db8:0:1::1')).toMatchObject(minted);
  });

  test('and IPv4 written as IPv6 is one address each', async () => {
    for (let asked = 0; asked < 3; asked++) expect(await ask('::ffff:192.0.2.20')).toMatchObject(minted);
    expect(await ask('192.0.2.20')).toEqual(askedTooMuch);
    expect(await ask('::ffff:192.0.2.21')).toMatchObject(minted);
  });

  test('and what is refused for itself counts too, so that guessing amounts is bounded', async () => {
    const guess = () => stage.callback('amount=1', { 'x-test-address': '192.0.2.9' }, app);
    for (let asked = 0; asked < 3; asked++)
      expect(await guess()).toMatchObject({ reason: expect.stringMatching(/amount/) });
    expect(await guess()).toEqual(askedTooMuch);
  });

  test('and a forwarded address is not believed', async () => {
    const from = { 'x-test-address': '192.0.2.10' };
    for (let asked = 0; asked < 3; asked++) await stage.callback('amount=1000', from, app);
    const forged = { ...from, 'x-forwarded-for': '203.0.113.5', forwarded: 'for=203.0.113.5' };
    expect(await stage.callback('amount=1000', forged, app)).toEqual(askedTooMuch);
  });

  test('and pay requests are not counted, for they make nothing', async () => {
    for (let asked = 0; asked < 10; asked++) {
      const headers = { 'x-test-address': '192.0.2.11' };
      expect(await stage.get('/.well-known/lnurlp/alice', headers, app)).toMatchObject({ tag: 'payRequest' });
    }
  });
});

describe('a process works on so many callbacks at a time', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
    await stage.startConnector().live();
  });
  afterAll(() => stage.close());
  const busy = { status: 'ERROR', reason: expect.stringMatching(/busy.*try again/) };

  test('a hundred, and the rest are told at once to try again', async () => {
    const began: (() => void)[] = [];
    // Asks whose answers nobody looks for until told.
    const app = stage.lnurl({ sleep: () => new Promise((resolve) => began.push(resolve)) });
    const hundred = Array.from({ length: 100 }, () => stage.callback('amount=1000', {}, app));
    expect(await stage.callback('amount=1000', {}, app)).toEqual(busy);
    expect(await stage.get('/.well-known/lnurlp/alice', {}, app)).toMatchObject({ tag: 'payRequest' });
    await until(async () => stage.mints() === 100 && began.length > 0);
    const woken = setInterval(() => began.shift()?.(), 5);
    expect(await Promise.all(hundred)).toMatchObject(Array(100).fill(minted));
    expect(await stage.callback('amount=1000', {}, app)).toMatchObject(minted);
    clearInterval(woken);
    expect(stage.mints()).toBe(101);
  });

  test('and one that is refused, or of an address that asked too often, makes room again', async () => {
    const app = stage.lnurl({ mostAtOnce: 1, clientRate: { perSecond: 0, burst: 2 } });
    expect(await stage.callback('amount=1', {}, app)).toMatchObject({
      reason: expect.stringContaining('amount'),
    });
    expect(await stage.callback('amount=1000', {}, app)).toMatchObject(minted);
    for (let again = 0; again < 3; again++)
      expect(await stage.callback('amount=1000', {}, app)).toEqual(askedTooMuch);
  });
});

describe('a process writes no ask that the connector would refuse', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
    await addCreator(stage.ledger, { handle: 'bob', name: 'Bob' }, stage.clock());
    await stage.startConnector().live();
  });
  afterAll(() => stage.close());

  test.each([
    ['of one creator', { creator: { perSecond: 0, burst: 2 }, all: MANY }, minted],
    ['in all', { creator: MANY, all: { perSecond: 0, burst: 2 } }, askedTooMuch],
  ])('%s', async (_, invoiceRequestLimits, ofAnother) => {
    const hinted: string[] = [];
    const app = stage.lnurl({ invoiceRequestLimits, hint: async (id) => void hinted.push(id) });
    // What is refused for itself, or for a creator who is not there, uses up nothing.
    await stage.callback('amount=1', {}, app);
    await stage.get('/.well-known/lnurlp/nobody/callback?amount=1000', {}, app);
    for (let asked = 0; asked < 2; asked++)
      expect(await stage.callback('amount=1000', {}, app)).toMatchObject(minted);
    expect(await stage.callback('amount=1000', {}, app)).toEqual(askedTooMuch);
    expect(hinted).toHaveLength(2);
    expect(await stage.get('/.well-known/lnurlp/bob/callback?amount=1000', {}, app)).toMatchObject(ofAnother);
  });
});

describe('the connector bounds what the node is asked for', () => {
  const burst = (burst: number) => ({ perSecond: 1e-9, burst });
  test.each<[string, InvoiceRequestLimits, (at: number) => { handle: string; address: string }]>([
    [
      'of one address, over all copies of the function',
      { client: burst(3), creator: MANY, all: MANY },
      (at) => ({ handle: at % 2 ? 'alice' : 'bob', address: '192.0.2.1' }),
    ],
    [
      'for one creator, from however many addresses',
      { client: MANY, creator: burst(3), all: MANY },
      (at) => ({ handle: 'alice', address: `192.0.2.${at}` }),
    ],
    [
      'in all, for however many creators and addresses',
      { client: MANY, creator: MANY, all: burst(3) },
      (at) => ({ handle: at % 2 ? 'alice' : 'bob', address: `192.0.2.${at}` }),
    ],
  ])('%s', async (_, invoiceRequestLimits, who) => {
    const stage = await openStage({ invoiceRequestLimits });
    try {
      await addCreator(stage.ledger, { handle: 'bob', name: 'Bob' }, stage.clock());
      await stage.startConnector().live();
      const answers = [];
      for (let at = 0; at < 5; at++) {
        const { handle, address } = who(at);
        const path = `/.well-known/lnurlp/${handle}/callback?amount=1000`;
        answers.push(await stage.get(path, { 'x-test-address': address }));
      }
      expect(answers.slice(0, 3)).toMatchObject([minted, minted, minted]);
      expect(answers.slice(3)).toEqual([askedTooMuch, askedTooMuch]);
      expect(stage.mints()).toBe(3);
    } finally {
      await stage.close();
    }
  });

  test('of one creator without a word against another', async () => {
    const stage = await openStage({ invoiceRequestLimits: { client: MANY, creator: burst(1), all: MANY } });
    try {
      await addCreator(stage.ledger, { handle: 'bob', name: 'Bob' }, stage.clock());
      await stage.startConnector().live();
      const ask = (handle: string) => stage.get(`/.well-known/lnurlp/${handle}/callback?amount=1000`);
      expect(await ask('alice')).toMatchObject(minted);
      expect(await ask('alice')).toEqual(askedTooMuch);
      expect(await ask('bob')).toMatchObject(minted);
    } finally {
      await stage.close();
    }
  });
});

describe('an ask vanishes', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(() => stage.close());
  const MINUTE = 60_000;

  test('ten minutes after it was asked, when nobody answers', async () => {
    const ids: string[] = [];
    const app = stage.lnurl({
      hint: async (id) => void ids.push(id),
      steadyMs: handClock().steadyMs,
      sleep: async () => {
        throw new Error('gone');
      },
      report: () => {},
    });
    await stage.callback('amount=1000', {}, app);
    const [id] = ids;
    expect(await readInvoiceRequest(stage.ledger, id!)).toMatchObject({ status: 'open' });
    stage.setAhead(9 * MINUTE);
    await stage.tables.sweep();
    expect(await readInvoiceRequest(stage.ledger, id!)).toBeDefined();
    stage.setAhead(2 * MINUTE);
    await stage.tables.sweep();
    expect(await readInvoiceRequest(stage.ledger, id!)).toBeUndefined();
  });

  test('a day after its invoice expired, and tells until then whether it was paid', async () => {
    const connector = stage.startConnector();
    await connector.live();
    const { verify, pr } = await stage.callback('amount=1000');
    const path = new URL(verify).pathname;
    await stage.pay(pr);
    await until(async () => (await stage.get(path)).settled);
    await connector.stop();
    stage.setAhead(24 * 60 * MINUTE);
    await stage.tables.sweep();
    expect(await stage.get(path)).toMatchObject({ settled: true, pr });
    stage.setAhead(12 * MINUTE);
    await stage.tables.sweep();
    expect(await stage.get(path)).toEqual({ status: 'ERROR', reason: 'Not found' });
  });
});
