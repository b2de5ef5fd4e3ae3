import { OpenAPIHono } from '@hono/zod-openapi';
import { creatorRoutes } from './creators.ts';
import { keyRoutes } from './keys.ts';
import { type ManageEnv, type ManageHono, type ManageParts, problemOf } from './operation.ts';
import { optionRoutes } from './options.ts';
import { tipRoutes } from './tips.ts';
import { webhookRoutes } from './webhooks.ts';

/** The resources, without what stands in front of them: what the OpenAPI document is made from. */
export function manageRoutes(app: ManageHono, parts: ManageParts): void {
  creatorRoutes(app, parts);
  optionRoutes(app, parts);
  tipRoutes(app, parts);
  webhookRoutes(app, parts);
  keyRoutes(app, parts);
}

/** An app that says what is wrong with a request in problems. */
export const emptyApp = (): ManageHono =>
  new OpenAPIHono<ManageEnv>({
    defaultHook: (result) => {
      if (!result.success) {
        const { data } = result as { data?: unknown };
        throw problemOf(result.target, data, result.error.issues[0]! as never);
      }
    },
  });
