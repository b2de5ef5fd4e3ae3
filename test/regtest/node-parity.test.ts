import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { connectNetwork } from './harness/network.ts';
import { adding, canceling } from './parity/adding.ts';
import { addAmp, baseOf, payAmp } from './parity/calls.ts';
import { Likeness } from './parity/likeness.ts';
import { paying, refusing } from './parity/paying.ts';
import { access, listing, lookingUp, subscribing, telling } from './parity/reading.ts';
import { connectSide, developmentSide, type Side, type Step } from './parity/side.ts';

const network = connectNetwork<'payer' | 'jar'>(inject('network'));
let real: Side;
let development: Side;

beforeAll(async () => {
  real = connectSide(network.nodes.jar, network.nodes.payer);
  development = await developmentSide();
  for (const side of [real, development]) {
    // So that the last settle index is one that something can be replayed after.
    const { payment_request } = await addAmp(side);
    await payAmp(side, { payment_request, amt: '1' });
  }
});

afterAll(async () => {
  await development.close();
  await real.close();
  network.disconnect();
});

async function answersOf(side: Side, step: Step): Promise<unknown> {
  const base = await baseOf(side);
  const answers = await step(side, base);
  return new Likeness(base).of(answers);
}

describe.each([
  ['tells', telling],
  ['adds, or refuses to add,', adding],
  ['is paid', paying],
  ['refuses a payment of', refusing],
  ['cancels, or not,', canceling],
  ['lists', listing],
  ['tells a subscription', subscribing],
  ['finds', lookingUp],
  ['is called', access],
] as const)('the development node %s', (_, steps) => {
  it.each(Object.entries(steps))('%s as lnd does', async (_, step) => {
    expect(await answersOf(development, step)).toEqual(await answersOf(real, step));
  });
});
