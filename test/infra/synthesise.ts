import { App, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { defineSettings, type StageSettings } from '../../infra/settings.ts';
import { AmpjarStack } from '../../infra/stack.ts';

/** A resource of a template. */
export interface Resource {
  Type: string;
  Properties: Record<string, any>;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
}

/** The template of a stage with the bundles left out, its rules checked as `npm run synth` checks them. */
export function synthesise(settings: StageSettings = {}) {
  const app = new App({ analyticsReporting: false, context: { 'aws:cdk:bundling-stacks': [] } });
  const [production] = defineSettings({ stages: { production: settings } });
  const stack = new AmpjarStack(app, 'Ampjar', production!);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const { Resources, Outputs } = Template.fromStack(stack).toJSON();
  const resources = Resources as Record<string, Resource>;
  return {
    resources,
    outputs: Outputs as Record<string, { Value: unknown; Export?: { Name: string } }>,
    /** The one resource of a type, or of it in a part of the stack; any other number of them is an error. */
    only: (type: string, part = ''): [string, Resource] => {
      const found = Object.entries(resources).filter(
        ([id, { Type }]) => Type === type && id.startsWith(part),
      );
      if (found.length !== 1)
        throw new Error(`${found.length} resources of type ${type} in ${part}, not one`);
      return found[0]!;
    },
  };
}
