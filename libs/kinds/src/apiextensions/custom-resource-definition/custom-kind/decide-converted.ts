import {
  apiVersionOf,
  Conversions,
  isUndecided,
  NO_ANSWERS,
  scaleOf,
  standardKind,
  withoutResourceVersion,
  type Kind,
  type KubeObject,
  type ScalePaths,
  type ServedVersion,
  type StandardKind,
} from '#model';
import type { CustomResourceDefinition, DefinedVersion } from '../schema.js';
import { spokenVersionOf } from './validate.js';
import type { WebhookConversion } from './webhook-conversion.js';

export interface Converted {
  readonly definition: CustomResourceDefinition;
  readonly webhook: WebhookConversion;
  /** All versions, served or not. */
  readonly versions: ReadonlyMap<string, ServedVersion>;
  /** The kind as it is decided on: its objects have the version that the client speaks until they are `stored`. */
  of(stored: (object: KubeObject) => KubeObject): StandardKind<KubeObject>;
  scaleOf(version: DefinedVersion): ScalePaths | undefined;
}

/**
 * Decides on objects in the version that the client speaks, as the genuine server does: what is stored is converted to it first, and what
 * comes out is converted to the stored version last. A deletion changes metadata alone, so what is stored is converted only
 * where admission looks at it. A creation looks at nothing that is stored.
 */
export function decideConverted(converted: Converted): Kind['decide'] {
  return (command, state, view, context) => {
    const { definition, webhook } = converted;
    const spoken = spokenVersionOf(definition, command) as DefinedVersion;
    const answers = context.answers ?? NO_ANSWERS;
    const { conversions = new Conversions({ view, seed: context.uid, answers }) } = context;
    const seen = (object: KubeObject): KubeObject =>
      webhook.form(conversions.to(webhook.stored(spoken), object), spoken);
    const isDeletion = command.verb === 'delete';
    const object = state?.object;
    const isChanged = command.verb === 'update' || command.verb === 'patch';
    const decidedOn = state && object && isChanged ? { ...state, object: seen(object) } : state;
    const kind = kindFor(converted, { conversions, spoken, isDeletion });
    const stored = object && withoutResourceVersion(object);
    const decided = kind.decide(command, decidedOn, view, { ...context, kind, ...(stored && { stored }) });
    const paths = command.subresource === 'scale' ? converted.scaleOf(spoken) : undefined;
    if (isUndecided(decided) || !paths) return decided;
    return { ...decided, response: scaleOf(seen(decided.object), paths) };
  };
}

/** The kind for one decision. */
function kindFor(
  { definition, webhook, versions, of, scaleOf: scalePaths }: Converted,
  {
    conversions,
    spoken,
    isDeletion,
  }: { readonly conversions: Conversions; readonly spoken: DefinedVersion; readonly isDeletion: boolean },
): Kind {
  const storage = definition.spec.versions.find((version) => version.storage) as DefinedVersion;
  const given = of((object) => conversions.to(webhook.written(storage), object));
  const served = definition.spec.versions
    .filter((version) => version.served || version === spoken)
    .map((version): ServedVersion => {
      const shown = (object: KubeObject): KubeObject =>
        isDeletion
          ? webhook.form(conversions.to(webhook.stored(version), object), version)
          : conversions.to(webhook.written(version), object);
      const apiVersion = apiVersionOf(definition.spec.group, version.name);
      return {
        ...(versions.get(version.name) as ServedVersion),
        toServed: shown,
        asWritten: shown,
        toStored: (object) => conversions.to(webhook.written(spoken), { ...object, apiVersion }),
      };
    });
  const scale = scalePaths(spoken);
  const { scale: _scale, ...rest } = given;
  return standardKind({ ...rest, served, ...(scale && { scale }) });
}
