import { defineSettings } from './infra/settings.ts';

/** What is deployed where (docs/deploy.md). A stage left empty deploys with the defaults of infra/settings.ts. */
export default defineSettings({
  stages: {
    production: {},
    test: {},
  },
});
