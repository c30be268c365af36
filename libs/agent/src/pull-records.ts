import type { Ids, RegistryCredentials } from '#ports';
import { isJsonObject, type Json } from '#std';

/** Credentials out of a pod's image pull secret. */
export interface PullLogin {
  readonly credentials: RegistryCredentials;
  readonly secret: SecretName;
}
export interface SecretName {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
}

/** Who may use an image under the name of one repository. */
interface Access {
  /** It was pulled without credentials. */
  readonly anybody: boolean;
  /** Secrets whose credentials the registry took for it. */
  readonly secrets: readonly KnownSecret[];
}
interface KnownSecret extends SecretName {
  readonly hash: string;
}
export interface PullState {
  readonly salt?: string;
  /** By image id, then by repository. */
  readonly images: Readonly<Record<string, Readonly<Record<string, Access>>>>;
  /** References whose pull was begun and, as far as is known, not ended. */
  readonly begun: readonly string[];
}

/** So many Secrets are remembered of an image in a repository; another one proves its credentials each time. */
const SECRETS_MAX = 100;
/** At so many images those that are gone are forgotten. */
const IMAGES_MAX = 500;

export interface PullRecordsOptions {
  /** Make a salt and salted hashes: without a salt, equal credentials would have equal hashes on all nodes. */
  readonly ids: Ids;
  /** Resolves once {@link PullRecords.state} is written durably. */
  readonly save: () => Promise<void>;
  /** Ids of the images that the node has. */
  readonly present: () => Promise<ReadonlySet<string>>;
}

/**
 * With which credentials this agent has pulled the images of its node: a pod may use one that is there only if its own
 * credentials were proved for it, as the kubelet of Kubernetes 1.35 has it by default (`NeverVerifyPreloadedImages`). Images
 * that the agent has not pulled, such as imported ones, are for every pod.
 */
export class PullRecords {
  private salt: string | undefined;
  private readonly images = new Map<string, Map<string, Access>>();
  private readonly begun = new Map<string, number>();

  constructor(private readonly options: PullRecordsOptions) {}

  /** What an earlier process remembered; whatever is not in its form is left out. */
  restore(state: unknown): void {
    if (!isJsonObject(state)) return;
    if (typeof state['salt'] === 'string') this.salt = state['salt'];
    for (const reference of listOf(state['begun'])) this.begun.set(String(reference), 0);
    for (const [id, repositories] of entriesOf(state['images'])) {
      const known = new Map<string, Access>();
      for (const [repository, access] of entriesOf(repositories)) {
        const secrets = listOf(isJsonObject(access) ? access['secrets'] : undefined).filter(isKnownSecret);
        known.set(repository, { anybody: isJsonObject(access) && access['anybody'] === true, secrets });
      }
      this.images.set(id, known);
    }
  }

  state(): PullState {
    const images = Object.fromEntries([...this.images].map(([id, known]) => [id, Object.fromEntries(known)]));
    return { ...(this.salt !== undefined && { salt: this.salt }), images, begun: [...this.begun.keys()] };
  }

  /** Whether a pod with these logins may use the image that is there. */
  mayUse(image: { readonly id: string; readonly reference: string }, logins: readonly PullLogin[]): boolean {
    const known = this.images.get(image.id);
    if (!known) return !this.begun.has(image.reference);
    const access = known.get(repositoryOf(image.reference));
    if (!access) return false;
    if (access.anybody) return true;
    for (const { secret, credentials } of logins) {
      const hash = this.hashOf(credentials);
      // The same credentials in another Secret count, and so does a Secret that was proved and whose content has changed.
      if (!access.secrets.some((one) => one.hash === hash || isSame(one, secret))) continue;
      this.add(image, { ...secret, hash });
      return true;
    }
    return false;
  }

  /** Resolves when it is durable that this agent pulls the image: should it die, the image is not taken for an imported one. */
  async begin(reference: string): Promise<void> {
    this.begun.set(reference, (this.begun.get(reference) ?? 0) + 1);
    try {
      await this.options.save();
    } catch (cause) {
      this.end(reference);
      throw cause;
    }
  }

  /** The registry has given the image to these credentials, or to anybody. */
  async succeeded(
    image: { readonly id: string; readonly reference: string },
    login: PullLogin | undefined,
  ): Promise<void> {
    this.add(image, login && { ...login.secret, hash: this.hashOf(login.credentials) });
    this.end(image.reference);
    if (this.images.size > IMAGES_MAX) await this.forgetGone(image.id);
    await this.options.save();
  }

  failed(reference: string): void {
    this.end(reference);
    this.options.save().catch(() => undefined);
  }

  private add({ id, reference }: { readonly id: string; readonly reference: string }, secret?: KnownSecret): void {
    let known = this.images.get(id);
    if (!known) this.images.set(id, (known = new Map<string, Access>()));
    const repository = repositoryOf(reference);
    const { anybody, secrets } = known.get(repository) ?? { anybody: false, secrets: [] };
    if (!secret) return void known.set(repository, { anybody: true, secrets });
    if (secrets.some((one) => one.hash === secret.hash && isSame(one, secret))) return;
    const others = secrets.filter((one) => !isSame(one, secret));
    if (others.length < SECRETS_MAX) known.set(repository, { anybody, secrets: [...others, secret] });
  }

  private end(reference: string): void {
    const left = (this.begun.get(reference) ?? 1) - 1;
    if (left > 0) this.begun.set(reference, left);
    else this.begun.delete(reference);
  }

  private async forgetGone(kept: string): Promise<void> {
    const before = new Set(this.images.keys());
    const present = await this.options.present();
    for (const id of before) if (id !== kept && !present.has(id)) this.images.delete(id);
  }

  private hashOf({ server, username, password }: RegistryCredentials): string {
    const { ids } = this.options;
    this.salt ??= ids.uid();
    return ids.named(JSON.stringify([this.salt, server, username, password]));
  }
}

/** Without tag and digest. */
function repositoryOf(reference: string): string {
  const [name = ''] = reference.split('@');
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1);
  return colon < 0 ? name : name.slice(0, colon);
}
function isSame(one: SecretName, other: SecretName): boolean {
  return one.uid === other.uid && one.namespace === other.namespace && one.name === other.name;
}
function isKnownSecret(value: unknown): value is KnownSecret {
  return isJsonObject(value) && ['uid', 'namespace', 'name', 'hash'].every((key) => typeof value[key] === 'string');
}
function listOf(value: Json | undefined): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
function entriesOf(value: Json | undefined): readonly (readonly [string, Json | undefined])[] {
  return isJsonObject(value) ? Object.entries(value) : [];
}
