import type { Flags } from '../shared/command/command.ts';

export const DEPLOY = {
  stage: { type: 'string', value: 'NAME', about: 'which one; production' },
  outputs: {
    type: 'string',
    value: 'FILE',
    about: 'where to write down what the stacks tell, beside what is there; ampjar.outputs.json',
  },
  yes: {
    type: 'boolean',
    about: 'ask nothing: set up the CDK in an account that lacks it, and take changes of who may do what',
  },
} as const satisfies Flags;
