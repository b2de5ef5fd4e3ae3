import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { lightningUri, signAmpInvoice } from '../shared/bolt11/index.ts';
import { qrSvg } from '../shared/qr/qr.ts';
import { type Bench, type Row, type Setting, versus } from './bench.ts';
import { inTurns } from './rounds.ts';

const qrcode: { toString(text: string, options: object): Promise<string> } = createRequire(import.meta.url)(
  'qrcode',
);

const DRAWN = 50;
const PEER_OPTIONS = { type: 'svg', errorCorrectionLevel: 'L' };

/** The edge of a drawing in modules, quiet zone included. */
const edge = (svg: string): string => /viewBox="0 0 (\d+) \1"/.exec(svg)?.[1] ?? 'not square';

const anInvoice = (): string =>
  signAmpInvoice(
    {
      network: 'mainnet',
      paymentHash: randomBytes(32),
      paymentAddr: randomBytes(32),
      description: 'ampjar:o_bench',
      createdAt: new Date(),
      expirySeconds: 31_536_000,
    },
    randomBytes(32),
  );

async function run({ quick }: Setting): Promise<Row[]> {
  const rounds = quick ? 1 : 7;
  const invoices = Array.from({ length: DRAWN }, anInvoice);
  const texts = invoices.map((invoice) => lightningUri(invoice).toUpperCase());
  const [ours, theirs] = [qrSvg(invoices[0]!), await qrcode.toString(texts[0]!, PEER_OPTIONS)];
  if (edge(ours) !== edge(theirs))
    throw new Error(`codes of ${edge(ours)} and ${edge(theirs)} modules are not the same text`);

  const timed = async (draw: (at: number) => string | Promise<string>) => {
    const began = performance.now();
    for (let at = 0; at < DRAWN; at++) await draw(at);
    return DRAWN / ((performance.now() - began) / 1000);
  };
  const drawn = await inTurns(
    {
      ours: () => timed((at) => qrSvg(invoices[at]!)),
      theirs: () => timed((at) => qrcode.toString(texts[at]!, PEER_OPTIONS)),
    },
    rounds,
  );
  const bytes = (svg: string) => [Buffer.byteLength(svg)];
  const what = `SVGs of a payment request, ${edge(ours)} modules wide`;
  return [
    versus(what, '/s', drawn.ours, ['npm qrcode', drawn.theirs]),
    versus('size of the SVG', 'bytes', bytes(ours), ['npm qrcode', bytes(theirs)]),
  ];
}

export const qr: Bench = {
  name: 'qr',
  about: 'QR codes of a payment request as SVG, against npm qrcode',
  lnd: 'none',
  run,
};
