import { creatorRoutes } from './creators.ts';
import { routesElsewhere } from './elsewhere.ts';
import { invoiceRoutes } from './invoices.ts';
import { pageRoutes } from './pages.ts';
import type { Route } from './route.ts';

/** Every address that anyone may ask, once: the function, its OpenAPI document and the edge's key of what is kept come of it. */
export const ROUTES: readonly Route[] = [
  ...creatorRoutes,
  ...invoiceRoutes,
  ...pageRoutes,
  ...routesElsewhere,
];
