import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { manageApp } from '../../../functions/manage/app.ts';
import openapi from '../../../functions/manage/openapi.json' with { type: 'json' };
import { createKey, readInvoice, readTip, WANT_HINT } from '../../../shared/ledger/index.ts';
import { openStage, type Stage, until } from '../lnurl/stage.ts';

const WITHIN_MS = 2_000;

let stage: Stage;
interface Body {
  id: string;
  invoices: { optionId: string; paymentRequest: string | null; paymentAddr: string }[];
}
let ask: (method: string, path: string, body?: object) => Promise<Body>;

beforeAll(async () => {
  stage = await openStage();
  const { ledger, clock } = stage;
  const app = manageApp({
    openapi,
    ledger,
    clock,
    steadyMs: () => performance.now(),
    random: randomBytes,
    webhookUrls: { allowLoopback: false },
    wanted: () => stage.hint(WANT_HINT),
    report: (error) => {
      throw error;
    },
  });
  const { token } = await createKey(
    ledger,
    { handle: 'alice', scope: 'write', name: 'x' },
    clock(),
    randomBytes,
  );
  let asked = 0;
  ask = async (method, path, body) => {
    const response = await app.request(`/v1/manage/creators/alice${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'idempotency-key': `ask-${++asked}`,
        'if-match': '*',
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    return (response.status === 204 ? {} : await response.json()) as Body;
  };
  await stage.startConnector().live();
});
afterAll(() => stage.close());

const paymentRequestOf = async (id: string): Promise<string | undefined> => {
  const { invoices } = await ask('GET', '/invoices');
  return invoices.find(({ optionId }) => optionId === id)?.paymentRequest ?? undefined;
};

test('the invoice of a new tip option is there within two seconds, ten times out of ten', async () => {
  const took: number[] = [];
  for (let made = 0; made < 10; made++) {
    const began = performance.now();
    const { id } = await ask('POST', '/options', { label: `Option ${made}`, amountMsat: `${made + 1}000` });
    await until(() => paymentRequestOf(id));
    took.push(performance.now() - began);
  }
  console.info(`from POST to invoice: ${took.map((ms) => Math.round(ms)).join(', ')} ms`);
  expect(Math.max(...took)).toBeLessThan(WITHIN_MS);
});

test('an option that is taken away hands its invoice out no more; what is still paid to it is booked', async () => {
  const { id } = await ask('POST', '/options', { label: 'Gone', amountMsat: '5000' });
  const paymentRequest = await until(() => paymentRequestOf(id));
  const { invoices } = await ask('GET', '/invoices');
  const { paymentAddr } = invoices.find(({ optionId }) => optionId === id)!;
  await ask('DELETE', `/options/${id}`);
  await until(async () => (await readInvoice(stage.ledger, paymentAddr))?.status === 'retired');
  expect(await paymentRequestOf(id)).toBeUndefined();
  const payer = await stage.startPayer('amp payer');
  const { paymentHash: setId } = await payer.pay({ paymentRequest, amp: true });
  const tip = await until(() => readTip(stage.ledger, setId));
  expect(tip).toMatchObject({ handle: 'alice', optionId: id, amountMsat: 5_000n });
});
