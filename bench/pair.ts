import type { LndNode } from '../test/regtest/harness/lnd.ts';
import { startNetwork } from '../test/regtest/harness/network.ts';
import { payAmp } from '../test/regtest/harness/pay.ts';
import { atATime } from './atATime.ts';
import type { Setting } from './bench.ts';

/** Two lnds with channels between them. */
export interface LndPair {
  readonly jar: LndNode;
  /** Pay an AMP invoice so often, so many at a time. @returns the seconds that it took; @throws when one fails */
  pay(paymentRequest: string, order: { payments: number; atOnce: number }): Promise<number>;
}

/** Start two lnds on a chain of their own. */
export async function openLndPair({ note, defer }: Setting): Promise<LndPair> {
  note('starting two lnds');
  const network = await startNetwork({ nodes: ['payer', 'jar'] });
  defer(() => network.stop());
  const { payer, jar } = network.nodes;
  return {
    jar,
    pay: (paymentRequest, { payments, atOnce }) =>
      atATime(atOnce, payments, async () => {
        const { status, failureReason } = await payAmp(payer, { paymentRequest, amountMsat: 2_100n });
        if (status !== 'SUCCEEDED') throw new Error(`a payment from lnd to lnd failed: ${failureReason}`);
      }),
  };
}
