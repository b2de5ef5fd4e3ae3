import { expect, test } from 'vitest';
import openapi from '../../../functions/public/openapi.json' with { type: 'json' };
import { tipEvent } from '../../../shared/contract/tip.ts';
import {
  addCreator,
  addOption,
  bookTips,
  type Creator,
  encodeCursor,
  type Ledger,
  type NewTip,
  putCurrentInvoice,
  putInvoiceRequest,
  readTip,
} from '../../../shared/ledger/index.ts';
import { hex, LATER, lead, minted, NOW, openBook, paid } from '../../shared/ledger/book.ts';
import { filled, openSite, parametersRead, patternsOf, type Site } from './site.ts';

const HANDLE = 'carol';
const ASK = 'a'.repeat(22);
const invoice = minted(HANDLE, HANDLE);

const tips = (more: Partial<NewTip> = {}) =>
  Array.from({ length: 5 }, (_, at) =>
    paid(invoice, `tip ${at}`, {
      settleIndex: BigInt(at + 1),
      amountMsat: BigInt(1_000 * (at + 1)),
      ...more,
    }),
  );

const CURSORS = [0n, 3n, 9n].map((sequence) => encodeCursor(HANDLE, sequence));

/** Values of each parameter; one that is new can't be left out. */
const VALUES: Record<string, readonly string[]> = {
  after: ['', ...CURSORS],
  amount: ['1000'],
  code: ['lnurl'],
  comment: ['hello'],
  cursor: CURSORS,
  limit: ['1', '100'],
  minimum: ['3'],
  option: [invoice.optionId],
  sample: ['yes'],
  seconds: ['8'],
  size: ['small'],
};

const HEADERS: readonly Record<string, string>[] = [
  {},
  { accept: 'text/html' },
  { 'if-none-match': '"x"' },
  { 'last-event-id': CURSORS[1]! },
];

interface Asked {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

/** The parameters that are documented at an address; that all are, is tested beside. */
const parametersAt = (pattern: string) => {
  const path = pattern.replace('/*', '/{file}').replace(/:(\w+)/g, '{$1}');
  const { parameters } = openapi.paths[path as keyof typeof openapi.paths].get;
  return (parameters as { in: string; name: string }[])
    .filter((each) => each.in === 'query')
    .map(({ name }) => name);
};

/** All that is asked: every address as it is, with each value of each of its parameters, and with headers. */
function requestsOf(site: Site): Asked[] {
  const names = { paymentAddr: invoice.paymentAddr, setId: hex('nobody’s'), id: ASK, rest: 'x.js' };
  return patternsOf(site).flatMap((pattern) => {
    const path = filled(pattern, { ...names, handle: HANDLE, option: invoice.optionId });
    const queries = parametersAt(pattern).flatMap((name) => {
      if (!VALUES[name]) throw new Error(`no value is known for the parameter ${name}`);
      return VALUES[name].map((value) => `${name}=${value}`);
    });
    return [
      ...queries.map((query) => ({ path: `${path}?${query}` })),
      ...HEADERS.map((headers) => ({ path, headers })),
      { path, method: 'HEAD' },
    ];
  });
}

test('each parameter that an address reads is documented, so that the walk has it', () => {
  const site = openSite({ client: {}, table: 'none' } as Ledger, NOW);
  const documented = new Set(patternsOf(site).flatMap(parametersAt));
  expect([...documented].sort()).toEqual(parametersRead().sort());
});

/** Reads what there is to read; of a stream that stays open, what comes until the table rests. */
async function textOf(response: Response, idle: () => Promise<void>) {
  let text = '';
  if (!response.body) return () => text;
  const reader = response.body.getReader();
  const isStream = response.headers.get('content-type') === 'text/event-stream';
  const reading = (async () => {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      text += Buffer.from(value).toString('latin1');
    }
  })();
  await (isStream ? idle() : reading);
  return () => text;
}

const all = () => true;
const plain = ({ path, method = 'GET', headers = {} }: Asked) =>
  method === 'GET' && !path.includes('?') && Object.keys(headers).length === 0;

/** Answers in a world with these tips, byte for byte: asked afterwards, and of streams that were open meanwhile. */
async function answersIn(
  shows: Creator['shows'],
  booked: readonly NewTip[],
  which: (asked: Asked) => boolean = all,
) {
  const { ledger, close } = await openBook();
  const site = openSite(ledger, NOW);
  const answers = new Map<string, string>();
  try {
    const lease = await lead(ledger);
    await addCreator(ledger, { handle: HANDLE, name: 'Carol', shows }, NOW);
    const coffee = { label: 'Coffee', amountMsat: 3_000_000n };
    await addOption(ledger, HANDLE, coffee, NOW, (length) => new Uint8Array(length).fill(7));
    const rest = { previous: undefined, mintRequest: undefined, renewAt: LATER, now: NOW };
    await putCurrentInvoice(ledger, lease, { invoice, ...rest });
    const ask = { id: ASK, handle: HANDLE, optionId: invoice.optionId, amountMsat: 1_000n };
    await putInvoiceRequest(ledger, {
      ...ask,
      descriptionHash: hex('metadata'),
      client: 'c',
      createdAt: NOW,
    });

    const answer = async ({ path, method = 'GET', headers = {} }: Asked) => {
      const response = await site.site.request(path, { method, headers });
      const head = JSON.stringify([response.status, ...[...response.headers].sort()]);
      const text = await textOf(response, site.idle);
      return { name: `${method} ${path} ${JSON.stringify(headers)}`, said: () => `${head}\n${text()}` };
    };
    const isLive = ({ path }: Asked) => path.includes('/live');
    const requests = requestsOf(site).filter(which);
    const open = await Promise.all(requests.filter(isLive).map(answer));

    if (booked.length > 0) await bookTips(ledger, lease, { tips: [...booked], quarantined: [] });
    const rows = await Promise.all(booked.map(({ setId }) => readTip(ledger, setId)));
    await site.hub.publish(rows.map((tip) => tipEvent(tip!)));
    await site.idle();

    for (const { name, said } of open) answers.set(`${name}, open before`, said());
    for (const asked of requests) {
      const { name, said } = await answer(asked);
      answers.set(name, said());
    }
    expect(site.faults).toEqual([]);
  } finally {
    site.close();
    await close();
  }
  return answers;
}

/** The addresses that are answered otherwise. */
const differences = (one: Map<string, string>, other: Map<string, string>) =>
  [...one.keys()].filter((name) => one.get(name) !== other.get(name));

test('who shows nothing is answered for alike at every address, whether nobody tipped or five did', async () => {
  const [none, five] = [await answersIn('nothing', []), await answersIn('nothing', tips())];
  expect(none.size).toBeGreaterThan(100);
  expect(differences(none, five)).toEqual([]);
});

const WORDS = { message: 'Great post', sender: 'Bob' };

test('who shows amounts is answered for alike at every address, whatever payers wrote', async () => {
  const [silent, written] = [await answersIn('amounts', tips()), await answersIn('amounts', tips(WORDS))];
  expect(differences(silent, written)).toEqual([]);
});

test('such a walk sees tips, and words, wherever they are shown', async () => {
  const addresses = (names: string[]) =>
    [...new Set(names.map((name) => /^GET ([^ ?]+)/.exec(name)![1]))].sort();
  const [none, silent, written] = [
    await answersIn('messages', [], plain),
    await answersIn('messages', tips(), plain),
    await answersIn('messages', tips(WORDS), plain),
  ];
  const feed = ['/@carol', '/v1/creators/carol/live', '/v1/creators/carol/tips'];
  const counted = ['/@carol/overlay', '/v1/creators/carol', '/v1/creators/carol/totals'];
  expect(addresses(differences(none, silent))).toEqual([...feed, ...counted].sort());
  expect(addresses(differences(silent, written))).toEqual(feed);
});
