import { Hono } from 'hono';

type App = Pick<Hono, 'fetch' | 'routes'>;

/** What one process answers over HTTP, by who answers it. */
export interface Apps {
  readonly lnurl: App;
  readonly manage: App;
  readonly live: App;
  readonly reading: App;
  /** Files; what is none of them is the reading side's to answer. */
  readonly widget: Hono;
}

/** The paths of each; the reading side is asked last, for whatever is nobody else's. */
const PATHS: Record<Exclude<keyof Apps, 'widget'>, readonly string[]> = {
  lnurl: ['/.well-known/lnurlp/*', '/lnurl/*'],
  manage: ['/v1/manage/*', '/v1/events'],
  live: ['/v1/creators/:handle/live'],
  reading: ['*'],
};

/** All of them as one site, as CloudFront and API Gateway put them together on AWS. */
export function mounted(apps: Apps): Hono {
  const site = new Hono().route('/', apps.widget);
  for (const [name, paths] of Object.entries(PATHS) as [keyof typeof PATHS, readonly string[]][])
    for (const path of paths) site.all(path, (c) => apps[name].fetch(c.req.raw, c.env));
  return site;
}
