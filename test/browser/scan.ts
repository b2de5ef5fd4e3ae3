import jsQR from 'jsqr';
import type { Locator } from 'playwright-core';

/** What a scanner reads off the screen, with the PNG's pixels drawn by the browser on a page without a policy. */
export async function scan(code: Locator): Promise<string | undefined> {
  const png = await code.screenshot();
  const context = await code.page().context().browser()!.newContext();
  const blank = await context.newPage();
  const drawn = (await blank.evaluate(`(async () => {
    const answer = await fetch('data:image/png;base64,${png.toString('base64')}');
    const image = await createImageBitmap(await answer.blob());
    const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d');
    canvas.drawImage(image, 0, 0);
    const { data, width, height } = canvas.getImageData(0, 0, image.width, image.height);
    let bytes = '';
    for (const byte of data) bytes += String.fromCharCode(byte);
    return { bytes: btoa(bytes), width, height };
  })()`)) as { bytes: string; width: number; height: number };
  await context.close();
  const rgba = Uint8ClampedArray.from(Buffer.from(drawn.bytes, 'base64'));
  return jsQR.default(rgba, drawn.width, drawn.height)?.data;
}
