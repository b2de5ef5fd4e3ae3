import { afterAll, beforeAll, expect, test } from 'vitest';
import { documentOf } from '../../../functions/manage/document.ts';
import { openapiDocument } from '../../../functions/public/api/openapi.ts';
import { openOptionId } from '../../../shared/ledger/index.ts';
import { openStage, type Stage } from '../manage/stage.ts';
import { NOW } from '../public/jar.ts';
import { openSite } from '../public/site.ts';

/** A good value for each parameter that a query can have: one that is new can't be left out, for then it is missing here. */
const GOOD: Record<string, string> = {
  after: '0',
  amount: '1000',
  before: '1',
  code: 'any',
  comment: 'hello',
  cursor: 'x',
  handle: 'alice',
  limit: '2',
  minimum: '3',
  option: openOptionId('alice'),
  sample: 'yes',
  seconds: '8',
  size: 'small',
};

interface Address {
  readonly path: string;
  readonly parameters: readonly string[];
}

/** The addresses of a document that are read, with the parameters of their queries. */
function addressesOf({ paths = {} }: { paths?: object }): Address[] {
  type Documented = { get?: { parameters?: { in: string; name: string }[] } };
  return Object.entries(paths as Record<string, Documented>).flatMap(([path, { get }]) => {
    const parameters = (get?.parameters ?? []).filter((each) => each.in === 'query').map(({ name }) => name);
    return parameters.length > 0 ? [{ path, parameters }] : [];
  });
}

let stage: Stage;
const problems: unknown[] = [];
const report = (error: unknown) => problems.push(error);
beforeAll(async () => {
  stage = await openStage({ report });
});
afterAll(() => stage.close());

const twice = ({ path, parameters }: Address) =>
  parameters.map((name) => {
    if (GOOD[name] === undefined) throw new Error(`no value is known for ${name} of ${path}`);
    const filled = path
      .replace('{handle}', 'alice')
      .replace('{endpointId}', stage.webhooks.alice.id)
      .replace('{setId}', stage.tips[0]!.setId)
      .replace('{paymentAddr}', stage.open.paymentAddr)
      .replace('{option}', stage.coffee.optionId);
    return { name, address: `${filled}?${name}=${GOOD[name]}&${name}=${GOOD[name]}` };
  });

const problemOf = (name: string) => ({
  detail: `${name}: given 2 times, as "${GOOD[name]}" and "${GOOD[name]}", expected once.`,
  field: name,
  expected: 'one value',
});

test('each parameter of the creator’s API is refused when it is given twice', async () => {
  const addresses = addressesOf(documentOf()).flatMap(twice);
  expect(addresses.length).toBeGreaterThan(6);
  for (const { name, address } of addresses) {
    const told = await stage.ask('GET', address, { token: stage.keys.operator.token });
    expect([address, told.status, told.body]).toMatchObject([address, 400, problemOf(name)]);
  }
  expect(problems).toEqual([]);
});

test('a value that a parameter of the creator’s API can’t have is refused by what it takes', async () => {
  const values = ['', '\0', '+1', 'x'.repeat(300), '"', '\u202e', '9'.repeat(31)];
  for (const { name, address } of addressesOf(documentOf()).flatMap(twice))
    for (const value of values) {
      const path = `${address.split('?')[0]}?${name}=${encodeURIComponent(value)}`;
      const { operator, alice } = stage.keys;
      const told = await stage.ask('GET', path, {
        token: (path.startsWith('/v1/events') ? alice : operator).token,
      });
      expect([path, told.status]).toEqual([path, 400]);
      expect(told.body).toMatchObject({ field: name, expected: expect.any(String) });
      expect(told.body.detail).not.toMatch(/Invalid|received|Too (big|small)/);
    }
  expect(problems).toEqual([]);
});

test('each parameter of what anyone may ask is refused when it is given twice, and wallets are told so as wallets are', async () => {
  const site = openSite(stage.ledger, NOW);
  const addresses = addressesOf(openapiDocument()).flatMap(twice);
  expect(addresses.length).toBeGreaterThan(15);
  for (const { name, address } of addresses) {
    const told = await site.site.request(address);
    const isWallets = address.startsWith('/.well-known/');
    expect([address, told.status]).toEqual([address, isWallets ? 200 : 400]);
    const text = await told.text();
    if (isWallets) expect(JSON.parse(text)).toEqual({ status: 'ERROR', reason: problemOf(name).detail });
    // A page says it as a page does, with its quotes escaped.
    else expect(text).toContain(`${name}: given 2 times`);
  }
  site.close();
  expect(site.faults).toEqual([]);
});
