import { encodeQR } from 'qr';
import { lightningUri } from '../bolt11/uri.ts';
import { encodePng } from './png.ts';

/** ISO/IEC 18004: a QR code has an empty margin, the quiet zone, of four modules on all sides. */
const QUIET_ZONE = 4;
const DEFAULT_SCALE = 8;
const MAX_SCALE = 32;

/** A size that an image was asked for in, and can't be made in. */
export class ScaleError extends Error {
  override readonly name = 'ScaleError';
  readonly scale: number;
  constructor(scale: number) {
    super(`scale: ${scale} is not a whole number from 1 to ${MAX_SCALE}`);
    this.scale = scale;
  }
}

type Modules = readonly (readonly boolean[])[];

// Upper case fits the alphanumeric mode, which takes 5.5 bits a character where lower case takes 8.
const modulesOf = (paymentRequest: string): Modules =>
  encodeQR(lightningUri(paymentRequest).toUpperCase(), 'raw', {
    encoding: 'alphanumeric',
    ecc: 'low',
    border: QUIET_ZONE,
  });

// The path of a web address tells lower from upper case.
const modulesOfLink = (url: string): Modules =>
  encodeQR(url, 'raw', { encoding: 'byte', ecc: 'low', border: QUIET_ZONE });

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const NOT_XML = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;

const xmlText = (text: string): string =>
  text.replace(NOT_XML, '').replace(/[&<>"]/g, (character) => ENTITIES[character]!);

/** Strokes of one module's width along the middle of each row, one for each run of dark modules; moves are relative. */
const strokes = (matrix: Modules): string => {
  let path = '';
  let penX = 0;
  let penY = 0;
  for (const [y, row] of matrix.entries()) {
    for (let start = row.indexOf(true); start !== -1; ) {
      let end = row.indexOf(false, start);
      if (end === -1) end = row.length;
      path += path === '' ? `M${start} ${y}.5h${end - start}` : `m${start - penX} ${y - penY}h${end - start}`;
      penX = end;
      penY = y;
      start = row.indexOf(true, end);
    }
  }
  return path;
};

function svg(matrix: Modules, title: string): string {
  const size = matrix.length;
  const name = xmlText(title);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" role="img" aria-label="${name}" ` +
    `shape-rendering="crispEdges"><title>${name}</title><path fill="#fff" d="M0 0h${size}v${size}H0z"/>` +
    `<path stroke="#000" d="${strokes(matrix)}"/></svg>`
  );
}

function png(matrix: Modules, scale: number): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(scale) || scale < 1 || scale > MAX_SCALE) throw new ScaleError(scale);
  return encodePng(matrix, scale);
}

/**
 * Draw the QR code of a payment request or an LNURL as an SVG: black on white, `LIGHTNING:` and what it is in upper case,
 * error correction L, quiet zone included. It has no size of its own but its modules: the page gives it one.
 * @param title what a screen reader says; escaped here
 * @throws InvoiceError, as {@link lightningUri}
 */
export const qrSvg = (paymentRequest: string, { title = 'Reusable Lightning invoice' } = {}): string =>
  svg(modulesOf(paymentRequest), title);

/**
 * Draw the same QR code as a PNG of one bit a pixel.
 * @param scale pixels along the edge of a module, 1 to 32; 8 gives about 490 by 490 pixels for an AMP invoice
 * @throws InvoiceError, as {@link lightningUri}; ScaleError
 */
export const qrPng = (paymentRequest: string, { scale = DEFAULT_SCALE } = {}): Uint8Array<ArrayBuffer> =>
  png(modulesOf(paymentRequest), scale);

/** Draw the QR code of a web address, as it is written, as an SVG like that of {@link qrSvg}. */
export const linkQrSvg = (url: string, { title = 'Link' } = {}): string => svg(modulesOfLink(url), title);

/** Draw the QR code of a web address as a PNG. @throws ScaleError */
export const linkQrPng = (url: string, { scale = DEFAULT_SCALE } = {}): Uint8Array<ArrayBuffer> =>
  png(modulesOfLink(url), scale);
