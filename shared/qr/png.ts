import { crc32, deflateSync } from 'node:zlib';

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const GREYSCALE = 0;
const BIT_DEPTH = 1;
const NO_FILTER = 0;

const chunk = (type: string, data: Uint8Array): Uint8Array => {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length, 0);
  bytes.write(type, 4, 'latin1');
  bytes.set(data, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length);
  return bytes;
};

/**
 * Write a square bitmap as a PNG of one bit a pixel, black where it is true.
 * @param bitmap rows of equal length
 * @param scale pixels along the edge of one module
 * @see PNG (Third Edition), W3C
 */
export function encodePng(bitmap: readonly (readonly boolean[])[], scale: number): Uint8Array<ArrayBuffer> {
  const size = bitmap.length * scale;
  const stride = 1 + Math.ceil(size / 8);
  const pixels = Buffer.alloc(stride * size, 0xff);
  for (const [row, modules] of bitmap.entries()) {
    const first = row * scale * stride;
    pixels[first] = NO_FILTER;
    for (const [column, dark] of modules.entries()) {
      if (!dark) continue;
      for (let x = column * scale; x < (column + 1) * scale; x++) {
        pixels[first + 1 + (x >> 3)]! &= ~(0x80 >> (x & 7));
      }
    }
    for (let y = 1; y < scale; y++) pixels.copy(pixels, first + y * stride, first, first + stride);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header[8] = BIT_DEPTH;
  header[9] = GREYSCALE;
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(pixels)),
    chunk('IEND', new Uint8Array()),
  ]);
}
