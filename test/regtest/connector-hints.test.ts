import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CALLS, HINT_CALL } from '../../connector/lnd/client.ts';
import { openEmbeddedTable } from '../../local/table/index.ts';
import { readAmpInvoice } from '../../shared/bolt11/index.ts';
import { addCreator, type Ledger, tableDefinition } from '../../shared/ledger/index.ts';
import { currentOf, expectBooks, tipOf } from './harness/books.ts';
import { runConnector } from './harness/connector.ts';
import { unary } from './harness/grpc.ts';
import { type Network, startNetwork } from './harness/network.ts';
import { keysend, payAmp } from './harness/pay.ts';
import { until } from './harness/until.ts';

const dir = mkdtempSync(join(tmpdir(), 'ampjar-hints-'));
const tables = await openEmbeddedTable({ dir, clock: Date.now });
const ledger: Ledger = { client: tables.client(), table: 'ampjar' };

// payer <- hub -> jar: the payer knows the hub, and nobody but the hub knows of jar's channel.
let network: Network<'hub' | 'payer' | 'jar'>;

beforeAll(async () => {
  network = await startNetwork({ nodes: ['hub', 'payer', 'jar'], channels: 1, unannounced: ['jar'] });
  const { hub, payer, jar } = network.nodes;
  await keysend(hub, { dest: payer.pubkey, amountMsat: 2_000_000_000n });
  await until('jar knows the hub as a public node', 30, async () => {
    const { edges } = await unary<{ edges: object[] }>(jar.lnd.default, 'describeGraph');
    return edges.length > 0;
  });
  await ledger.client.send(new CreateTableCommand(tableDefinition(ledger.table)));
  await addCreator(ledger, { handle: 'alice', name: 'Alice', shows: 'messages' }, new Date());
});

afterAll(async () => {
  await tables.close();
  await network?.stop();
  rmSync(dir, { recursive: true });
});

const hintsIn = ({ paymentRequest }: { paymentRequest: string }) => readAmpInvoice(paymentRequest).routeHints;

describe('a node whose channels are not announced', () => {
  it('is reached by the invoices of a connector that mints with route hints, and by no others', async () => {
    const { payer, jar } = network.nodes;
    const access = { socket: jar.socket, certPath: jar.certPath };
    const without = runConnector(ledger, { ...access, macaroonPath: await jar.bakeMacaroon([...CALLS]) });
    const unreachable = await currentOf(ledger, 'alice');
    expect(hintsIn(unreachable)).toEqual([]);
    const noRoute = { status: 'FAILED', failureReason: 'FAILURE_REASON_NO_ROUTE' };
    expect(await payAmp(payer, { ...unreachable, amountMsat: 10_000n })).toMatchObject(noRoute);
    await without.stop();

    const macaroonPath = await jar.bakeMacaroon([...CALLS, HINT_CALL]);
    const withHints = runConnector(
      ledger,
      { ...access, macaroonPath },
      { routeHints: true, rotateRestMs: 0 },
    );
    const current = await currentOf(ledger, 'alice', { not: unreachable });
    expect(hintsIn(current)).toHaveLength(1);
    const paid = [
      await payAmp(payer, { ...current, amountMsat: 10_001n }),
      await payAmp(payer, { ...current, amountMsat: 50_000_000n, maxShardMsat: 10_000_000n }),
    ];
    expect(paid.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    for (const { setId } of paid) await tipOf(ledger, setId);
    await expectBooks(ledger, jar, 'alice', [unreachable, current]);
    expect(withHints.connector.health.alarms).toEqual({});
    await withHints.stop();
  });
});
