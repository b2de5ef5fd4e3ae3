import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startDaemon, stopDaemon } from './harness/daemon.ts';
import { closeLnd, type Lnd, openLnd, unary } from './harness/grpc.ts';
import { addAmpInvoice, watchInvoices } from './harness/invoices.ts';
import { awaitState, connectLnd, type LndCoords } from './harness/lnd.ts';
import { connectNetwork } from './harness/network.ts';
import { payAmp } from './harness/pay.ts';
import { until } from './harness/until.ts';
import { createWallet, unlockWallet } from './harness/wallet.ts';

const UNKNOWN = 2;
const DEADLINE_EXCEEDED = 4;
const UNAVAILABLE = 14;

const network = connectNetwork<'payer' | 'jar'>(inject('network'));
const { payer, jar } = network.nodes;

afterAll(() => network.disconnect());

type Fault = { code: number; details: string };

const faultOf = ({ code, details }: ServiceError): Fault => ({ code, details });

const wentWell = (): never => {
  throw new Error('the call went well');
};

const unaryFault = (lnd: Lnd, seconds?: number): Promise<Fault> =>
  unary(lnd.default, 'getInfo', {}, seconds).then(wentWell, faultOf);

async function streamFault(lnd: Lnd): Promise<Fault> {
  const error = await watchInvoices(lnd).ended;
  return error === undefined ? wentWell() : faultOf(error);
}

/** The same fault on a call with one answer and on a subscription. */
async function faults(lnd: Lnd): Promise<Fault> {
  const [one, stream] = [await unaryFault(lnd), await streamFault(lnd)];
  expect(stream).toEqual(one);
  closeLnd(lnd);
  return one;
}

/** A file beside the node's own, gone with the network. */
function fileWith(name: string, content: Uint8Array): string {
  const path = join(network.coords.dir, name);
  writeFileSync(path, content);
  return path;
}

describe('a macaroon', () => {
  const calls = [
    '/lnrpc.Lightning/AddInvoice',
    '/lnrpc.Lightning/SubscribeInvoices',
    '/invoicesrpc.Invoices/LookupInvoiceV2',
  ];

  it('baked for some calls allows them, and no other', async () => {
    const lnd = openLnd(jar.socket, jar.certPath, await jar.bakeMacaroon(calls));
    const { paymentRequest, paymentAddr } = await addAmpInvoice({ ...jar, lnd });
    const watch = watchInvoices(lnd);
    const { setId } = await payAmp(payer, { paymentRequest, amountMsat: 1_000n });
    const lookup = { payment_addr: Buffer.from(paymentAddr, 'hex'), lookup_modifier: 'HTLC_SET_BLANK' };
    const { amp_invoice_state } = await unary<{ amp_invoice_state: object }>(
      lnd.invoices,
      'lookupInvoiceV2',
      lookup,
    );
    expect(Object.keys(amp_invoice_state)).toEqual([setId]);
    watch.cancel();

    const denied = { code: UNKNOWN, details: 'permission denied' };
    for (const method of ['getInfo', 'listInvoices', 'sendCoins', 'bakeMacaroon']) {
      expect(await unary(lnd.default, method).then(wentWell, faultOf)).toEqual(denied);
    }
    closeLnd(lnd);
  });

  it('can be baked for calls that exist alone', async () => {
    const fault = await jar.bakeMacaroon(['/lnrpc.Lightning/Tip']).then(wentWell, faultOf);
    expect(fault.details).toMatch(/^invalid permission action/);
  });

  it.each([
    {
      whose: 'of another node',
      path: () => payer.adminMacaroonPath,
      details: 'verification failed: signature mismatch after caveat verification',
    },
    {
      whose: 'cut short',
      path: () => fileWith('short.macaroon', Buffer.from('0201036c6e64', 'hex')),
      details: 'unmarshal v2: section extends past end of buffer',
    },
    {
      whose: 'without a byte',
      path: () => fileWith('empty.macaroon', Buffer.alloc(0)),
      details: 'expected 1 macaroon, got 0',
    },
  ])('$whose is refused', async ({ path, details }) => {
    expect(await faults(openLnd(jar.socket, jar.certPath, path()))).toEqual({ code: UNKNOWN, details });
  });
});

describe('a certificate', () => {
  it('of another node is refused', async () => {
    const { code, details } = await faults(openLnd(jar.socket, payer.certPath, jar.adminMacaroonPath));
    expect({ code, details }).toEqual({
      code: UNAVAILABLE,
      details: expect.stringContaining('self-signed certificate'),
    });
  });

  /** A node that has answered while its certificate was good: for longer where a busy machine needs longer to start it. */
  async function servedBriefly(): Promise<{ coords: LndCoords; open: ReturnType<typeof connectLnd> }> {
    for (const seconds of [8, 30, 120]) {
      const coords = await network.spareLnd(`brief${seconds}`, { args: [`${LASTING}${seconds}s`] });
      startDaemon(coords.daemon);
      await until('it has its macaroon', 60, () => existsSync(coords.adminMacaroonPath));
      const open = connectLnd(coords);
      const served = await until('it answers, or its certificate has expired', 60, () =>
        unary(open.lnd.default, 'getInfo').then(
          () => 'in time' as const,
          ({ details }: ServiceError) => details.includes(EXPIRED) && 'too late',
        ),
      );
      if (served === 'in time') return { coords, open };
      open.close();
      await stopDaemon(coords.daemon);
    }
    throw new Error('lnd needs more than two minutes to start');
  }
  const LASTING = '--tlscertduration=';
  const EXPIRED = 'certificate has expired';

  it('that expired stops new connections, not open ones; the next start makes a new one', async () => {
    const { coords, open } = await servedBriefly();
    const expired = await until('a new connection is refused', 130, async () => {
      const lnd = openLnd(coords.socket, coords.certPath, coords.adminMacaroonPath);
      const fault = await unary(lnd.default, 'getInfo').then(() => undefined, faultOf);
      closeLnd(lnd);
      return fault;
    });
    expect(expired).toEqual({ code: UNAVAILABLE, details: expect.stringContaining(EXPIRED) });
    await unary(open.lnd.default, 'getInfo');

    await stopDaemon(coords.daemon);
    const { daemon } = coords;
    startDaemon({ ...daemon, args: daemon.args.filter((arg) => !arg.startsWith(LASTING)) });
    await awaitState(coords, 'SERVER_ACTIVE');
    expect(await unaryFault(open.lnd)).toEqual({
      code: UNAVAILABLE,
      details: expect.stringContaining('self-signed certificate'),
    });
    open.close();
    const renewed = connectLnd(coords);
    await unary(renewed.lnd.default, 'getInfo');
    renewed.close();
    await stopDaemon(daemon);
  });
});

describe('a wallet', () => {
  let coords: LndCoords;
  beforeAll(async () => {
    coords = await network.spareLnd('safe', { locked: true });
    startDaemon(coords.daemon);
  });
  afterAll(() => stopDaemon(coords.daemon));

  it('that is not there, or locked, answers no call and says so', async () => {
    await awaitState(coords, 'NON_EXISTING');
    const without = await faults(openLnd(coords.socket, coords.certPath, jar.adminMacaroonPath));
    expect(without).toEqual({
      code: UNKNOWN,
      details: 'wallet not created, create one to enable full RPC access',
    });

    await createWallet(coords);
    await stopDaemon(coords.daemon);
    startDaemon(coords.daemon);
    await awaitState(coords, 'LOCKED');
    const open = (): Lnd => openLnd(coords.socket, coords.certPath, coords.adminMacaroonPath);
    const locked = await faults(open());
    expect(locked).toEqual({ code: UNKNOWN, details: 'wallet locked, unlock it to enable full RPC access' });

    await unlockWallet(coords);
    const lnd = open();
    await unary(lnd.default, 'getInfo');
    closeLnd(lnd);
  });
});

describe('a node', () => {
  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'ended by %s ends the subscription, and comes back whole',
    async (signal) => {
      const watch = watchInvoices(jar.lnd);
      const { paymentRequest } = await addAmpInvoice(jar);
      await watch.until('the invoice', (events) => events.length > 0);
      await jar.kill(signal);
      // On a clean stop lnd may also end the stream without an error.
      expect([undefined, UNAVAILABLE]).toContain((await watch.ended)?.code);
      // The connection that lnd left may fail one call more; the next finds nobody there.
      const fault = await until('a refused connection', 10, async () => {
        const { code, details } = await unaryFault(jar.lnd);
        return details.includes('ECONNREFUSED') && { code };
      });
      expect(fault).toEqual({ code: UNAVAILABLE });
      await jar.start();
      await network.awaitChannels();
      expect(await payAmp(payer, { paymentRequest, amountMsat: 1_000n })).toMatchObject({
        status: 'SUCCEEDED',
      });
    },
  );

  it('that is starting answers no call and says so', async () => {
    await jar.kill('SIGTERM');
    startDaemon(jar.daemon);
    await awaitState(jar, 'UNLOCKED');
    expect(await faults(openLnd(jar.socket, jar.certPath, jar.adminMacaroonPath))).toEqual({
      code: UNKNOWN,
      details: 'the RPC server is in the process of starting up, but not yet ready to accept calls',
    });
    await awaitState(jar, 'SERVER_ACTIVE');
    await network.awaitChannels();
  });

  it('that went silent is told by a deadline alone: its subscription gets no error and goes on later', async () => {
    const watch = watchInvoices(jar.lnd);
    const { paymentRequest } = await addAmpInvoice(jar);
    await watch.until('the invoice', (events) => events.length > 0);
    jar.pause();
    // The call that is under way as the node stops may be answered yet.
    const fault = await until('silence', 30, () => unaryFault(jar.lnd, 2).catch(() => undefined)).finally(
      () => jar.resume(),
    );
    expect(fault).toMatchObject({ code: DEADLINE_EXCEEDED });
    const { setId } = await payAmp(payer, { paymentRequest, amountMsat: 1_000n });
    await watch.until('the payment', (events) =>
      events.some(({ amp_invoice_state }) => setId in amp_invoice_state),
    );
    watch.cancel();
  });
});
