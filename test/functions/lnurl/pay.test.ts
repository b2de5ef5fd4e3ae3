import { createHash } from 'node:crypto';
import bolt11 from 'bolt11';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  addCreator,
  addOption,
  closeCreator,
  editCreator,
  openOptionId,
  readFeed,
  readInvoiceRequest,
} from '../../../shared/ledger/index.ts';
import { limitsAsBefore, nameAsBefore } from '../public/jar.ts';
import { BASE_URL, openStage, type Stage, until } from './stage.ts';

/** The largest amount that a JSON number holds to the msat, and its neighbours alike. */
const EXACT_MSAT = BigInt(Number.MAX_SAFE_INTEGER);

/** A name of 60 characters that is markup, JSON and a change of direction at once. */
const HOSTILE_NAME = '"]],[["text/html","<img src=x onerror=alert(1)>"]] \u202e\\ &';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
  const { ledger, clock } = stage;
  const add = (handle: string, name: string) => addCreator(ledger, { handle, name }, clock());
  await add('limited', 'Limited');
  await editCreator(ledger, 'limited', { limits: { leastMsat: 21_000n, mostMsat: 42_001n } });
  await add('dora', 'Dora');
  await closeCreator(ledger, 'dora');
  await add('mallory', 'Mallory');
  await nameAsBefore(ledger, 'mallory', HOSTILE_NAME);
  await stage.startConnector().live();
});
afterAll(() => stage.close());

const payRequest = async (path: string) => {
  const response = await stage.app.request(path);
  return { response, body: (await response.json()) as Record<string, unknown> };
};

/** The fields of an invoice, as another library reads them. */
function read(paymentRequest: string) {
  const { tags, millisatoshis, timeExpireDate, timestamp } = bolt11.decode(paymentRequest);
  const tag = (name: string) => tags.find(({ tagName }) => tagName === name)?.data;
  return {
    amountMsat: millisatoshis,
    descriptionHash: tag('purpose_commit_hash'),
    description: tag('description'),
    paymentHash: String(tag('payment_hash')),
    livesSeconds: timeExpireDate! - timestamp!,
  };
}

const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex');

describe('a pay request', () => {
  test('of a creator asks for any amount, from a satoshi to a tenth of a bitcoin', async () => {
    const { response, body } = await payRequest('/.well-known/lnurlp/alice');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({
      tag: 'payRequest',
      callback: `${BASE_URL}/.well-known/lnurlp/alice/callback`,
      minSendable: 1_000,
      maxSendable: 10_000_000_000,
      metadata: JSON.stringify([
        ['text/plain', 'Tip Alice'],
        ['text/identifier', 'alice@tips.example'],
      ]),
      commentAllowed: 500,
    });
  });

  test('of a fixed option asks for its amount alone, and its callback for the option', async () => {
    const { id } = stage.coffee;
    const { body } = await payRequest(`/.well-known/lnurlp/alice?option=${id}`);
    expect(body).toMatchObject({
      callback: `${BASE_URL}/.well-known/lnurlp/alice/callback/${id}`,
      minSendable: 3_000_000,
      maxSendable: 3_000_000,
    });
    expect(JSON.parse(body.metadata as string)[0]).toEqual(['text/plain', 'Tip Alice: Coffee']);
  });

  test('has a callback that names its option still when a wallet overwrites its query', async () => {
    const { body } = await payRequest(`/.well-known/lnurlp/alice?option=${stage.coffee.id}`);
    const callback = new URL(body.callback as string);
    callback.search = '?amount=3000000';
    const { pr } = await stage.get(callback.pathname + callback.search);
    expect(read(pr).descriptionHash).toBe(sha256(body.metadata as string));
    callback.search = '?amount=2999999';
    expect(await stage.get(callback.pathname + callback.search)).toMatchObject({
      reason: expect.stringMatching(/amount.* 3000000 to 3000000/),
    });
  });

  test.each([
    ['huge', 1_000n, EXACT_MSAT, [1_000, Number.MAX_SAFE_INTEGER - 991]],
    ['exact', EXACT_MSAT - 991n, EXACT_MSAT, [Number.MAX_SAFE_INTEGER - 991, Number.MAX_SAFE_INTEGER - 991]],
  ])(
    'has amounts that are exact as JSON numbers: %s limits',
    async (handle, leastMsat, mostMsat, numbers) => {
      await addCreator(stage.ledger, { handle, name: handle }, stage.clock());
      await editCreator(stage.ledger, handle, { limits: { leastMsat, mostMsat } });
      const { body } = await payRequest(`/.well-known/lnurlp/${handle}`);
      expect([body.minSendable, body.maxSendable]).toEqual(numbers);
      const over = await stage.get(`/.well-known/lnurlp/${handle}/callback?amount=${EXACT_MSAT + 1n}`);
      expect(over).toMatchObject({ status: 'ERROR' });
    },
  );

  test('of the open option by its id is that of the creator', async () => {
    const { body } = await payRequest(`/.well-known/lnurlp/alice?option=${openOptionId('alice')}`);
    expect(body).toMatchObject({ minSendable: 1_000, maxSendable: 10_000_000_000 });
  });

  test('keeps to the limits that a creator set', async () => {
    const { body } = await payRequest('/.well-known/lnurlp/limited');
    expect(body).toMatchObject({ minSendable: 21_000, maxSendable: 42_000 });
  });

  test.each([
    [1_500n, 3_999n, [2_000, 3_000]],
    [1n, 1_999n, [1_000, 1_000]],
    [2_000n, 2_000n, [2_000, 2_000]],
    [1_500n, 1_999n, undefined],
  ])(
    'has whole satoshi within limits that were stored when any were taken: %i to %i',
    async (leastMsat, mostMsat, within) => {
      const handle = `stored${leastMsat}to${mostMsat}`;
      await addCreator(stage.ledger, { handle, name: handle }, stage.clock());
      await limitsAsBefore(stage.ledger, handle, { leastMsat, mostMsat });
      const { body } = await payRequest(`/.well-known/lnurlp/${handle}`);
      expect(within ? [body.minSendable, body.maxSendable] : body).toEqual(
        within ?? {
          status: 'ERROR',
          reason: 'no whole number of satoshi lies within what this creator takes',
        },
      );
    },
  );

  test('has a hostile name as text, in one text/plain', async () => {
    const { body } = await payRequest('/.well-known/lnurlp/mallory');
    expect(JSON.parse(body.metadata as string)).toEqual([
      ['text/plain', `Tip ${HOSTILE_NAME}`],
      ['text/identifier', 'mallory@tips.example'],
    ]);
  });

  test('names the origin that was configured, whatever a request says of its own', async () => {
    const answer = await stage.app.request('http://evil.example/.well-known/lnurlp/alice', {
      headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' },
    });
    expect(await answer.text()).not.toContain('evil');
  });

  test.each([
    ['/.well-known/lnurlp/nobody', /nobody/],
    ['/.well-known/lnurlp/dora', /dora/],
    [`/.well-known/lnurlp/${'a'.repeat(10_000)}`, /no such creator/],
    ['/.well-known/lnurlp/%3Cscript%3E', /no such creator/],
    ['/.well-known/lnurlp/alice?option=aaaaaaaaaa', /option/],
    ['/.well-known/lnurlp/alice?option=', /option/],
    ['/.well-known/lnurlp/alice/callback/aaaaaaaaaa?amount=1000', /option/],
    ['/.well-known/lnurlp/alice/callback/%3Cb%3E?amount=1000', /option/],
    ['/.well-known/lnurlp/alice?option=%3Cb%3E', /option/],
    ['/lnurl/verify/short', /not found/i],
    [`/lnurl/verify/${'x'.repeat(22)}`, /not found/i],
  ])('%s is an error as LNURL has it, with status 200', async (path, reason) => {
    const { response, body } = await payRequest(path);
    expect(response.status).toBe(200);
    expect(body).toEqual({ status: 'ERROR', reason: expect.stringMatching(reason) });
    expect(JSON.stringify(body).length).toBeLessThan(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });
});

test.each([
  '/.well-known/lnurlp/Alice',
  '/.well-known/lnurlp/ALICE/',
  '/.well-known/lnurlp/%61lice',
  '/.well-known/lnurlp//alice',
])(
  'a wallet that asks at %s is answered as one that asks for alice, and led to her callback',
  async (path) => {
    const { response, body } = await payRequest(path);
    expect(response.status).toBe(200);
    expect(body).toEqual((await payRequest('/.well-known/lnurlp/alice')).body);
    expect(body.callback).toBe(`${BASE_URL}/.well-known/lnurlp/alice/callback`);
  },
);

test.each(['/.well-known/lnurlp/', '/.well-known/lnurlp/alice/else', '/.well-known/else', '/lnurl/verify'])(
  'nothing is at %s, in the form of LNURL and with a status that says so',
  async (path) => {
    const { response, body } = await payRequest(path);
    expect(response.status).toBe(404);
    expect(body).toEqual({ status: 'ERROR', reason: 'No such address.' });
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  },
);

describe('an invoice', () => {
  test('has exactly the amount, commits to the metadata, and lives ten minutes', async () => {
    const { body } = await payRequest('/.well-known/lnurlp/alice');
    const answer = await stage.callback('amount=2100001');
    expect(answer).toEqual({
      pr: expect.stringMatching(/^lnbcrt/),
      routes: [],
      disposable: false,
      verify: expect.stringMatching(/^https:\/\/tips\.example\/lnurl\/verify\/[\w-]{22}$/),
    });
    expect(read(answer.pr)).toEqual({
      amountMsat: '2100001',
      descriptionHash: sha256(body.metadata as string),
      description: undefined,
      paymentHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      livesSeconds: 600,
    });
  });

  test('of an option commits to the option’s metadata', async () => {
    const option = `option=${stage.coffee.id}`;
    const { body } = await payRequest(`/.well-known/lnurlp/alice?${option}`);
    const { pr } = await stage.callback(`${option}&amount=3000000`);
    expect(read(pr)).toMatchObject({
      amountMsat: '3000000',
      descriptionHash: sha256(body.metadata as string),
    });
  });

  test('of a creator with a hostile name commits to its bytes', async () => {
    const { body } = await payRequest('/.well-known/lnurlp/mallory');
    const { pr } = await stage.get('/.well-known/lnurlp/mallory/callback?amount=1000');
    expect(read(pr).descriptionHash).toBe(sha256(body.metadata as string));
  });

  test.each([
    ['alice', 1_000n],
    ['alice', 10_000_000_000n],
    ['limited', 21_000n],
    ['limited', 42_000n],
  ])('of %s may be for the bound itself, %i msat', async (handle, amount) => {
    const { pr } = await stage.get(`/.well-known/lnurlp/${handle}/callback?amount=${amount}`);
    expect(read(pr).amountMsat).toBe(String(amount));
  });

  test('has no successAction, for which there are wallets that pay nothing', async () => {
    expect(await stage.callback('amount=1000')).not.toHaveProperty('successAction');
  });

  test('is made in whatever spelling it is asked for, and counts as one creator’s', async () => {
    const { pr } = await stage.get('/.well-known/lnurlp/ALICE/callback/?amount=1000');
    const { body } = await payRequest('/.well-known/lnurlp/alice');
    expect(read(pr).descriptionHash).toBe(sha256(body.metadata as string));
  });

  test('is another one each time', async () => {
    const both = await Promise.all([1, 2].map(() => stage.callback('amount=5000')));
    expect(new Set(both.map(({ pr }) => read(pr).paymentHash)).size).toBe(2);
    expect(new Set(both.map(({ verify }) => verify)).size).toBe(2);
  });

  test('can be asked for while twenty others are', async () => {
    const amounts = Array.from({ length: 20 }, (_, at) => 1_000 + at);
    const answers = await Promise.all(amounts.map((amount) => stage.callback(`amount=${amount}`)));
    expect(answers.map(({ pr }) => Number(read(pr).amountMsat))).toEqual(amounts);
  });
});

describe('a callback refuses', () => {
  const long = 'c'.repeat(501);
  test.each([
    ['', /amount/],
    ['amount=', /amount/],
    ['amount=0', /amount/],
    ['amount=-1000', /amount/],
    ['amount=1000.5', /amount/],
    ['amount=1e6', /amount/],
    ['amount=0x3e8', /amount/],
    ['amount=%201000', /amount/],
    ['amount=01000', /amount/],
    ['amount=NaN', /amount/],
    ['amount=%D9%A1%D9%A0%D9%A0%D9%A0', /amount/],
    ['amount=999', /amount.* 1000 to 10000000000/],
    ['amount=10000000001', /amount.* 1000 to 10000000000/],
    ['amount=2100000000000000001', /amount/],
    [`amount=${'9'.repeat(5_000)}`, /amount/],
    [`amount=1000&comment=${long}`, /comment.*500/],
    ['amount=3000000&option=aaaaaaaaaa', /option/],
    ['amount=3000000&option=', /option/],
    ['amount=3000000&option=..%2F', /option/],
    ['amount=2999999&option=COFFEE', /amount.* 3000000 to 3000000/],
    ['amount=3000001&option=COFFEE', /amount.* 3000000 to 3000000/],
  ])('?%s', async (query, reason) => {
    const response = await stage.app.request(
      `/.well-known/lnurlp/alice/callback?${query.replace('COFFEE', stage.coffee.id)}`,
    );
    expect(response.status).toBe(200);
    const body = (await response.json()) as object;
    expect(body).toEqual({ status: 'ERROR', reason: expect.stringMatching(reason) });
    expect(JSON.stringify(body).length).toBeLessThan(300);
  });

  test.each([
    ['nobody', 'amount=1000'],
    ['dora', 'amount=1000'],
    ['limited', 'amount=20999'],
    ['limited', 'amount=42001'],
    ['al%2Fice', 'amount=1000'],
  ])('%s?%s', async (handle, query) => {
    expect(await stage.get(`/.well-known/lnurlp/${handle}/callback?${query}`)).toMatchObject({
      status: 'ERROR',
    });
  });
});

/** Ask, pay and wait for the tip. */
async function tip(query: string) {
  const { verify, pr } = await stage.callback(query);
  const path = new URL(verify).pathname;
  const { attempts, status } = await stage.pay(pr);
  expect(status).toBe('SUCCEEDED');
  await until(async () => (await stage.get(path)).settled);
  return { path, pr, preimage: Buffer.from(attempts[0]!.preimage!).toString('hex') };
}

const newest = async () => (await readFeed(stage.ledger, 'alice', { limit: 1 })).tips[0];

describe('a comment', () => {
  test.each([
    ['of 500 characters', '\u{1f600}'.repeat(500)],
    ['of markup', '</script><b onmouseover="alert(1)">'],
    ['of JSON', '"}],{"preimage":"'],
  ])('%s is the tip’s message', async (_, comment) => {
    await tip(`amount=1000&comment=${encodeURIComponent(comment)}`);
    expect((await newest())?.message).toBe(comment);
  });

  test.each([
    ['that turns the direction', 'a\u202eb', /^a.?b$/],
    ['with bytes that are no UTF-8', undefined, /^a%ff%feb$/],
    ['that is empty', '', undefined],
    ['with control characters', 'a\u0000\u0007b', /^a\P{Cc}*b$/u],
  ])('%s does no harm', async (_, comment, message) => {
    const query = comment === undefined ? 'a%ff%feb' : encodeURIComponent(comment);
    await tip(`amount=1000&comment=${query}`);
    const shown = (await newest())?.message;
    if (message === undefined) expect(shown).toBeUndefined();
    else expect(shown).toMatch(message);
  });
});

describe('verify', () => {
  test('tells of no payment before there is one, and gives the proof after', async () => {
    const { verify, pr } = await stage.callback('amount=4000');
    const path = new URL(verify).pathname;
    expect(await stage.get(path)).toEqual({ status: 'OK', settled: false, preimage: null, pr });
    const { attempts } = await stage.pay(pr);
    const paid = await until(async () => {
      const answer = await stage.get(path);
      return answer.settled && answer;
    });
    const preimage = Buffer.from(attempts[0]!.preimage!).toString('hex');
    expect(paid).toEqual({ status: 'OK', settled: true, preimage, pr });
    expect(createHash('sha256').update(Buffer.from(preimage, 'hex')).digest('hex')).toBe(
      read(pr).paymentHash,
    );
  });

  test('knows an ask that nobody answered no better than one that never was', async () => {
    const unheard = await openStage();
    try {
      const ids: string[] = [];
      let ms = 0;
      const app = unheard.lnurl({
        hint: async (id) => void ids.push(id),
        steadyMs: () => ms,
        sleep: async (slept) => {
          ms += slept;
        },
      });
      expect(await unheard.callback('amount=1000', {}, app)).toMatchObject({ status: 'ERROR' });
      expect(await readInvoiceRequest(unheard.ledger, ids[0]!)).toMatchObject({ status: 'open' });
      for (const id of [ids[0], 'A'.repeat(22)])
        expect(await unheard.get(`/lnurl/verify/${id}`)).toEqual({ status: 'ERROR', reason: 'Not found' });
    } finally {
      await unheard.close();
    }
  });

  test('is by an id that stands in the node’s books alone', async () => {
    const { verify, pr } = await stage.callback('amount=4500');
    const id = verify.split('/').at(-1)!;
    const ask = await readInvoiceRequest(stage.ledger, id);
    expect(ask).toMatchObject({ paymentRequest: pr, status: 'minted' });
    expect(pr).not.toContain(id);
  });
});

test('a tip by an option’s address is that option’s, for its amount', async () => {
  const cake = await addOption(
    stage.ledger,
    'alice',
    { label: 'Cake', amountMsat: 7_000n },
    stage.clock(),
    (length) => crypto.getRandomValues(new Uint8Array(length)),
  );
  // Function and connector keep what they read of a creator for up to a second.
  const byOption = `/.well-known/lnurlp/alice/callback/${cake.id}?amount=7000`;
  const { pr } = await until(async () => {
    const answer = await stage.get(byOption);
    return answer.pr !== undefined && answer;
  });
  await stage.pay(pr);
  await until(async () => (await newest())?.optionId === cake.id);
  expect(await newest()).toMatchObject({ via: 'bolt11', optionId: cake.id, amountMsat: 7_000n, shards: 1 });
});
