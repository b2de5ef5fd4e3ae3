import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectLnd } from '../../../connector/lnd/client.ts';
import { markOf } from '../../../connector/lnd/messages.ts';
import { moveHints, readNode, takeLease } from '../../../shared/ledger/index.ts';
import lnd from '../../fixtures/lnd-settled.json' with { type: 'json' };
import { startConnector } from '../inProcess.ts';
import { type Jar, openJar } from '../jar.ts';

const KEYSEND_PREIMAGE = 5482373484n;
const MESSAGE = 34349334n;
const bytes = (hex: string) => Buffer.from(hex, 'hex');
const empty = /^0*$/;

it('each invoice that lnd settled, of whatever kind, has a mark of its own', () => {
  const marks = lnd.settled_events.map(({ r_hash, payment_addr, payment_request, is_keysend }) => ({
    mark: markOf({ r_hash: bytes(r_hash), payment_addr: bytes(payment_addr) }),
    invoice: payment_request || (is_keysend ? r_hash : payment_addr),
  }));
  expect(
    new Set(
      lnd.settled_events.map(
        ({ is_amp, is_keysend, payment_request }) => `${is_amp} ${is_keysend} ${payment_request !== ''}`,
      ),
    ).size,
  ).toBe(4);
  for (const { mark } of marks) expect(mark).not.toMatch(empty);
  expect(new Set(marks.map(({ mark }) => mark)).size).toBe(new Set(marks.map(({ invoice }) => invoice)).size);
});

describe('a connector that starts again behind an invoice', () => {
  let jar: Jar;
  beforeAll(async () => {
    jar = await openJar();
  });
  afterAll(() => jar.close());

  /** Run a connector until it has caught up, and end it. */
  async function run() {
    const connector = startConnector(jar);
    await jar.invoice('alice');
    await connector.live();
    await connector.stop();
    return connector;
  }

  const state = async () => (await readNode(jar.ledger, jar.node.pubkey))!;
  const last = async () => {
    const { access } = jar;
    const client = connectLnd({
      socket: access.socket,
      cert: readFileSync(access.certPath),
      macaroon: readFileSync(access.macaroonPath),
    });
    try {
      let after = 0n;
      for (;;) {
        const page = await client.listAmpInvoices(after, 100);
        if (page.last === undefined) return after;
        after = page.last;
      }
    } finally {
      client.close();
    }
  };

  const pay = {
    'a spontaneous AMP payment': () => jar.send({ amp: true }),
    'a spontaneous AMP payment with a message': () =>
      jar.send({ amp: true, customRecords: new Map([[MESSAGE, Buffer.from('hi')]]) }),
    'a keysend': () => {
      const preimage = randomBytes(32);
      const paymentHash = createHash('sha256').update(preimage).digest();
      return jar.send({ paymentHash, customRecords: new Map([[KEYSEND_PREIMAGE, preimage]]) });
    },
    'an AMP invoice': async () => void (await jar.pay(await jar.mint('rent'), { amountMsat: 1_000n })),
  };

  it.each(Object.entries(pay))('of %s goes on from there, and raises no alarm', async (_, send) => {
    await run();
    await send();
    expect((await run()).alarms()).toEqual([]);
    const { addIndex, addMark, plainIndex, plainMark } = await state();
    expect([addIndex, plainIndex]).toEqual([await last(), await last()]);
    for (const mark of [addMark, plainMark]) expect(mark).not.toMatch(empty);
    expect((await run()).alarms()).toEqual([]);
    expect(await state()).toMatchObject({ addIndex, addMark, plainIndex, plainMark });
  });

  it('looks through all again, and raises no alarm, when the mark that it finds is of a release that gave none', async () => {
    await jar.send({ amp: true });
    await run();
    const seen = await state();
    const lease = (await takeLease(jar.ledger, {
      node: jar.node.pubkey,
      network: 'regtest',
      holder: '',
      seen,
    }))!;
    await moveHints(jar.ledger, lease, { addMark: '', plainMark: '' });
    expect((await run()).alarms()).toEqual([]);
    expect(await state()).toMatchObject({ addIndex: seen.addIndex, addMark: seen.addMark });
  });

  it('tells when the index is of another invoice by now', async () => {
    await run();
    const seen = await state();
    const lease = (await takeLease(jar.ledger, {
      node: jar.node.pubkey,
      network: 'regtest',
      holder: '',
      seen,
    }))!;
    await moveHints(jar.ledger, lease, { addMark: 'ab'.repeat(32) });
    expect((await run()).alarms()).toMatchObject([
      { alarm: 'index-reused', addIndex: seen.addIndex!.toString() },
    ]);
  });
});
