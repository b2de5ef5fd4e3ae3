import { Hono } from 'hono';
import { HASHED_FRESHNESS, LOADER_FRESHNESS } from '../shared/contract/staticFiles.ts';
import { LOADER, widgetFiles } from '../widget/build.ts';

/** The widget's files as the bucket behind CloudFront has them, built when they are first asked for. */
export function widgetRoutes(): Hono {
  const app = new Hono();
  let files: ReturnType<typeof widgetFiles> | undefined;
  for (const path of [`/${LOADER}`, '/widget/*']) {
    app.get(path, async (c, next) => {
      files ??= widgetFiles();
      const name = c.req.path.slice(1);
      const text = (await files).get(name);
      if (text === undefined) return next();
      return c.body(text, 200, {
        'content-type': 'text/javascript; charset=utf-8',
        'cache-control': name === LOADER ? LOADER_FRESHNESS : HASHED_FRESHNESS,
        'access-control-allow-origin': '*',
        'cross-origin-resource-policy': 'cross-origin',
        'x-content-type-options': 'nosniff',
      });
    });
  }
  return app;
}
