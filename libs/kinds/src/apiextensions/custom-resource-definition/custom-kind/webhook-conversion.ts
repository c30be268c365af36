import type { ConversionAsked, ConversionRequest, KubeObject, Refusal, VersionConversion } from '#model';
import { Bug, canonical, uuidOf, type Json } from '#std';
import { answeredReview, postFailed, webhookEndpoint, type WebhookClientConfig } from '../../../webhook-client.js';
import type { CustomResourceDefinition, DefinedVersion } from '../schema.js';
import { applySchemaDefaults } from '../structural/default.js';
import { prune } from '../structural/prune.js';
import { convertedObjects } from './converted.js';
import { schemaOf } from './version-schema.js';

/** How long a conversion webhook has for one answer, as in Kubernetes. */
const TIMEOUT_SECONDS = 30;

/** Characters that are told of what is wrong with an answer. */
const WORDS_MAX = 8_192;

/** The conversion of a definition whose strategy is Webhook. */
export class WebhookConversion {
  private readonly ofStored = new Map<string, VersionConversion>();
  private readonly ofWritten = new Map<string, VersionConversion>();
  /** What was read, and what was converted and is final. */
  private readonly forms = new WeakMap<KubeObject, KubeObject>();
  private readonly from: string;
  private readonly reviewVersion: string;
  private readonly client: WebhookClientConfig;

  constructor(private readonly definition: CustomResourceDefinition) {
    const { metadata, spec } = definition;
    this.from = `conversion webhook ${metadata.name}`;
    const { conversionReviewVersions = [], clientConfig = {} } = spec.conversion?.webhook ?? {};
    this.reviewVersion = conversionReviewVersions.find((one) => one === 'v1' || one === 'v1beta1') ?? 'v1';
    this.client = clientConfig;
    for (const { name } of spec.versions) {
      this.ofStored.set(
        name,
        this.conversionTo(name, (object) => this.read(object)),
      );
      this.ofWritten.set(
        name,
        this.conversionTo(name, (object) => object),
      );
    }
  }

  /** Of what is stored, to one of the definition's versions. */
  stored({ name }: DefinedVersion): VersionConversion {
    return known(this.ofStored, name);
  }
  /** Of what a request is about to write. */
  written({ name }: DefinedVersion): VersionConversion {
    return known(this.ofWritten, name);
  }

  /** An object that is stored in the version, or was converted to it, as it is seen. */
  form(object: KubeObject, version: DefinedVersion): KubeObject {
    if (object.apiVersion !== this.apiVersion(version.name))
      throw new Bug(`${object.apiVersion} ${object.kind} is looked at as ${version.name} before it was converted`);
    return this.read(object);
  }

  /** What is stored has the fields and defaults of its own version; what was converted is final. */
  private read(object: KubeObject): KubeObject {
    let known = this.forms.get(object);
    if (known === undefined) {
      const version = this.versionOf(object);
      const schema = schemaOf(version);
      const value = version ? applySchemaDefaults(prune(object as unknown as Json, schema).value, schema) : object;
      this.forms.set(object, (known = value as unknown as KubeObject));
    }
    return known;
  }

  private conversionTo(name: string, read: (object: KubeObject) => KubeObject): VersionConversion {
    const apiVersion = this.apiVersion(name);
    return {
      isNeeded: (object) => object.apiVersion !== apiVersion,
      request: (objects, asked) => this.request(objects.map(read), apiVersion, asked),
    };
  }

  private request(
    objects: readonly KubeObject[],
    apiVersion: string,
    { view, seed }: ConversionAsked,
  ): ConversionRequest | Refusal {
    const [first] = objects;
    const kind = `${first?.apiVersion ?? ''}, Kind=${first?.kind ?? ''}`;
    const failed = (why: string): Refusal => internal(`conversion webhook for ${kind} ${why.slice(0, WORDS_MAX)}`);
    const unknown = objects.find((object) => this.versionOf(object) === undefined);
    if (unknown) return internal(`request to convert CR from an invalid group/version: ${unknown.apiVersion}`);
    const sent = objects.map(withoutVersion) as unknown as Json;
    const question = `${this.from} to ${apiVersion} ${uuidOf(JSON.stringify(sent))}`;
    const uid = uuidOf(`${seed} ${question}`);
    const { to, unreachable } = webhookEndpoint(this.client, { view, timeoutSeconds: TIMEOUT_SECONDS, seed: uid });
    if (unreachable !== undefined) return failed(`failed: ${postFailed(to, unreachable)}`);
    const { reviewVersion } = this;
    const body = {
      kind: 'ConversionReview',
      apiVersion: `apiextensions.k8s.io/${reviewVersion}`,
      request: { uid, desiredAPIVersion: apiVersion, objects: sent },
    };
    return {
      from: this.from,
      question: { asks: 'https', name: question, to, body, timeoutMs: TIMEOUT_SECONDS * 1000 },
      read: (answer) => {
        const review = answeredReview(to, answer);
        if (typeof review === 'string') return failed(`failed: ${review}`);
        const converted = convertedObjects({ objects, apiVersion, uid, reviewVersion }, review);
        return typeof converted === 'string' ? failed(converted) : converted.map((object) => this.final(object));
      },
    };
  }

  /** With the fields of its version, and no defaults: these are for what is written. */
  private final(object: KubeObject): KubeObject {
    const { value: pruned } = prune(object as unknown as Json, schemaOf(this.versionOf(object)));
    const value = canonical(pruned as unknown as KubeObject);
    this.forms.set(value, value);
    return value;
  }

  private versionOf({ apiVersion }: KubeObject): DefinedVersion | undefined {
    return this.definition.spec.versions.find(({ name }) => this.apiVersion(name) === apiVersion);
  }
  private apiVersion(name: string): string {
    return `${this.definition.spec.group}/${name}`;
  }
}

function known(conversions: ReadonlyMap<string, VersionConversion>, name: string): VersionConversion {
  const conversion = conversions.get(name);
  if (conversion === undefined) throw new Bug(`there is no conversion to ${name}`);
  return conversion;
}

/** The version of an object is given by its place in the log: none that is converted has one. */
function withoutVersion(object: KubeObject): KubeObject {
  const { resourceVersion: _version, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function internal(message: string): Refusal {
  return { refused: true, code: 500, reason: '', message };
}
