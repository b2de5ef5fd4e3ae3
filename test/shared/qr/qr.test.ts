import { readFileSync } from 'node:fs';
import { crc32, inflateSync } from 'node:zlib';
import { build } from 'esbuild';
import jsQR from 'jsqr';
import { describe, expect, it } from 'vitest';
import { InvoiceError } from '../../../shared/bolt11/invoice-error.ts';
import { lightningUri } from '../../../shared/bolt11/uri.ts';
import { encodeLnurl, pageWithLnurl } from '../../../shared/contract/lnurl.ts';
import { linkQrPng, linkQrSvg, qrPng, qrSvg, ScaleError } from '../../../shared/qr/qr.ts';

const fixture = new URL('../../fixtures/lnd-settled.json', import.meta.url);
const requests: string[] = JSON.parse(readFileSync(fixture, 'utf8')).invoices.map(
  (invoice: { payment_request: string }) => invoice.payment_request,
);
const request = requests[0]!;
const LONGEST = `ln${'q'.repeat(4296 - 'LIGHTNING:ln'.length)}`;

/** A square picture, true where it is dark. */
type Picture = boolean[][];

/** Read a PNG of one bit grey, as a viewer would: every chunk's checksum, every row's filter. */
const readPng = (png: Uint8Array): Picture => {
  const bytes = Buffer.from(png);
  expect(bytes.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
  const chunks = new Map<string, Buffer>();
  let at = 8;
  while (at < bytes.length) {
    const end = at + 8 + bytes.readUInt32BE(at);
    expect(bytes.readUInt32BE(end)).toBe(crc32(bytes.subarray(at + 4, end)));
    chunks.set(bytes.toString('latin1', at + 4, at + 8), bytes.subarray(at + 8, end));
    at = end + 4;
  }
  expect([...chunks.keys()]).toEqual(['IHDR', 'IDAT', 'IEND']);
  const header = chunks.get('IHDR')!;
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  expect([...header.subarray(8)]).toEqual([1, 0, 0, 0, 0]);
  expect(width).toBe(height);
  const data = inflateSync(chunks.get('IDAT')!);
  const stride = 1 + Math.ceil(width / 8);
  expect(data).toHaveLength(stride * height);
  return Array.from({ length: height }, (_, y) => {
    expect(data[y * stride]).toBe(0);
    return Array.from(
      { length: width },
      (_, x) => (data[y * stride + 1 + (x >> 3)]! & (0x80 >> (x & 7))) === 0,
    );
  });
};

/** Draw an SVG's strokes, each a module wide, `scale` pixels to the module. */
const rasterise = (svg: string, scale: number): Picture => {
  const size = Number(/viewBox="0 0 (\d+) \1"/.exec(svg)![1]);
  const path = /<path stroke="#000" d="([^"]*)"/.exec(svg)![1]!;
  const picture: Picture = Array.from({ length: size * scale }, () =>
    Array<boolean>(size * scale).fill(false),
  );
  let [x, y] = [0, 0];
  for (const [, command, first, second] of path.matchAll(/([Mmh])(-?[\d.]+)(?: (-?[\d.]+))?/g)) {
    if (command === 'M') [x, y] = [Number(first), Number(second)];
    else if (command === 'm') [x, y] = [x + Number(first), y + Number(second)];
    else {
      const to = x + Number(first);
      expect(y % 1).toBe(0.5);
      for (let py = Math.floor(y) * scale; py < Math.ceil(y) * scale; py++)
        picture[py]!.fill(true, x * scale, to * scale);
      x = to;
    }
  }
  expect(path.replace(/[Mmh](-?[\d.]+)( -?[\d.]+)?/g, '')).toBe('');
  return picture;
};

const scan = (picture: Picture) => {
  const grey = picture.flat().flatMap((dark) => (dark ? [0, 0, 0, 255] : [255, 255, 255, 255]));
  return jsQR.default(Uint8ClampedArray.from(grey), picture.length, picture.length);
};

describe('a QR code is read back to the letter', () => {
  const cases = [...requests, request.toUpperCase()].map((paymentRequest, n) => ({ n, paymentRequest }));

  it.each(cases)('as PNG, invoice $n', ({ paymentRequest }) => {
    expect(scan(readPng(qrPng(paymentRequest, { scale: 3 })))?.data).toBe(
      `LIGHTNING:${paymentRequest.toUpperCase()}`,
    );
  });

  it.each(cases)('as SVG, invoice $n', ({ paymentRequest }) => {
    const found = scan(rasterise(qrSvg(paymentRequest), 3));
    expect(found?.data).toBe(`LIGHTNING:${paymentRequest.toUpperCase()}`);
  });

  it('as one alphanumeric text at error correction L, so that an AMP invoice is version 9', () => {
    const found = scan(rasterise(qrSvg(request), 3));
    expect(found?.version).toBe(9);
    expect(found?.chunks).toEqual([{ type: 'alphanumeric', text: `LIGHTNING:${request.toUpperCase()}` }]);
  });

  it('the SVG and the PNG are the same picture, at each size', () => {
    for (const scale of [1, 2, 5])
      expect(rasterise(qrSvg(request), scale)).toEqual(readPng(qrPng(request, { scale })));
  });
});

describe('a QR code of another kind is read back to the letter', () => {
  const lnurl = encodeLnurl('https://tips.example/.well-known/lnurlp/alice');
  const link = pageWithLnurl('https://tips.example', 'alice', 'k7fq2mzt4x');

  it('of an LNURL, in upper case', () => {
    for (const picture of [rasterise(qrSvg(lnurl), 3), readPng(qrPng(lnurl, { scale: 3 }))])
      expect(scan(picture)?.data).toBe(`LIGHTNING:${lnurl}`);
  });

  it('of a web address, in its own case', () => {
    for (const picture of [rasterise(linkQrSvg(link), 3), readPng(linkQrPng(link, { scale: 3 }))])
      expect(scan(picture)?.data).toBe(link);
    expect(() => linkQrPng(link, { scale: 0 })).toThrow(ScaleError);
  });
});

describe('a QR code has a quiet zone', () => {
  it('of four light modules on each side, and no more', () => {
    const picture = readPng(qrPng(request, { scale: 1 }));
    const columns = picture.map((_, x) => picture.map((row) => row[x]!));
    for (const lines of [picture, columns]) {
      const dark = lines.map((line) => line.includes(true));
      expect(dark.indexOf(true)).toBe(4);
      expect(dark.lastIndexOf(true)).toBe(dark.length - 5);
    }
    expect(picture).toHaveLength(17 + 4 * 9 + 2 * 4);
  });
});

describe('a PNG has the size asked for', () => {
  it.each([1, 8, 32])('%i pixels a module', (scale) => {
    expect(readPng(qrPng(request, { scale }))).toHaveLength(61 * scale);
  });

  it('8 pixels a module when none is asked for', () => expect(readPng(qrPng(request))).toHaveLength(61 * 8));

  it.each([0, -1, 33, 1.5, Number.NaN, 1e9])('%d pixels a module are refused', (scale) => {
    expect(() => qrPng(request, { scale })).toThrow(ScaleError);
    expect(() => qrPng(request, { scale })).toThrow(expect.objectContaining({ scale }));
  });
});

describe('an SVG', () => {
  it('is an image with a name, in one line, of less than 6 kB', () => {
    const svg = qrSvg(request);
    expect(svg).toMatch(
      /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" [^>]*role="img" aria-label="Reusable Lightning invoice"/,
    );
    expect(svg).toContain('<title>Reusable Lightning invoice</title>');
    expect(svg).not.toContain('\n');
    expect(svg.length).toBeLessThan(6_000);
  });

  it.each([
    [
      'Tip "Alice" & <script>alert(1)</script>',
      'Tip &quot;Alice&quot; &amp; &lt;script&gt;alert(1)&lt;/script&gt;',
    ],
    ['caf\u00e9 \u2615 \u{1f600}', 'caf\u00e9 \u2615 \u{1f600}'],
    ['nul \u0000, bell \u0007, escape \u001b', 'nul , bell , escape '],
    ['half a pair \ud83d and \ude00, no character \uffff', 'half a pair  and , no character '],
  ])('has no title but text: %j', (title, text) => {
    const svg = qrSvg(request, { title });
    expect(svg).toContain(`aria-label="${text}"`);
    expect(svg).toContain(`<title>${text}</title>`);
    expect(svg.match(/</g)).toHaveLength(6);
  });
});

describe('a lightning: URI', () => {
  it.each([
    [request, `lightning:${request}`],
    [request.toUpperCase(), `lightning:${request}`],
  ])('is in lower case', (paymentRequest, uri) => expect(lightningUri(paymentRequest)).toBe(uri));

  it('can be as long as a QR code can hold', () => {
    expect(lightningUri(LONGEST)).toBe(`lightning:${LONGEST}`);
    expect(qrSvg(LONGEST)).toContain(`viewBox="0 0 ${177 + 8} ${177 + 8}"`);
  });

  it.each([
    ['nothing', ''],
    ['another scheme', `lightning:${request}`],
    ['an address', 'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq'],
    ['mixed case', request.replace('lnsb', 'LNSB')],
    ['markup', 'lnbc1"><script>'],
    ['a second line', `${request}\n`],
    ['a character too many', `${LONGEST}q`],
  ])('is not made of %s', (_, text) => {
    for (const make of [lightningUri, qrSvg, qrPng]) {
      expect(() => make(text)).toThrow(InvoiceError);
      expect(() => make(text)).toThrow(expect.objectContaining({ field: 'paymentRequest', value: text }));
    }
  });
});

it('a function that draws QR codes carries no BOLT 11 library', async () => {
  const entryPoints = ['shared/qr/qr.ts', 'shared/bolt11/uri.ts'];
  const options = { bundle: true, write: false, platform: 'node', metafile: true, outdir: 'unused' } as const;
  const { metafile } = await build({ entryPoints, ...options });
  const packages = Object.keys(metafile.inputs).filter((path) => path.includes('node_modules'));
  expect(packages.map((path) => path.split('node_modules/')[1]!.split('/')[0])).toEqual(['qr']);
});
