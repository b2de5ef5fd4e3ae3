import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import pino from 'pino';
import { LONGEST_EXPIRY_SECONDS } from '../../connector/invoices/mint.ts';
import { type Choices, type LndAccess, systemConnector } from '../../connector/system.ts';
import { addCreator, type Ledger, readCreatorWithInvoice } from '../../shared/ledger/index.ts';
import { until } from '../../test/regtest/harness/until.ts';

/** A connector as `npm start` wires it, running in this process, with its log in a folder. */
export function runConnector(dir: string, access: LndAccess, ledger: Ledger, choices: Partial<Choices>) {
  const connector = systemConnector(access, {
    ledger,
    log: pino(pino.destination(join(dir, 'connector.log'))),
    holder: 'bench',
    expirySeconds: LONGEST_EXPIRY_SECONDS,
    routeHints: false,
    ...choices,
  });
  const stopping = new AbortController();
  const done = connector.run(stopping.signal);
  let failure: unknown;
  done.catch((error) => {
    failure = error;
  });
  return {
    connector,
    calls: {
      /** Add a creator. @returns the payment request of their open option, once it is minted */
      async join(handle: string) {
        await addCreator(ledger, { handle, name: handle, shows: 'messages' }, new Date());
        connector.hint();
        return until(`an invoice of ${handle}`, 60, async () => {
          const { invoice } = await readCreatorWithInvoice(ledger, handle);
          return invoice?.paymentRequest;
        });
      },
      /** Wait until the connector has booked so many since it began. */
      async untilBooked(count: number) {
        while (connector.health.booked < count) {
          if (failure) throw failure;
          await setTimeout(5);
        }
      },
    },
    async stop() {
      stopping.abort();
      await done;
    },
  };
}
