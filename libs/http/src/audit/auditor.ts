import { randomUUID } from 'node:crypto';
import type { KindRegistry, UserInfo } from '#model';
import type { AuditLog } from '#ports';
import type { Instant } from '#std';
import { isGone, type AnyResponse } from '../answer.js';
import type { AnyRequest } from '../authenticate.js';
import type { RequestInfo } from '../request-info.js';
import { CONNECTING } from '../streams.js';
import { ANONYMOUS } from '../users.js';
import { auditEvent } from './event.js';
import { keeps, type AuditDecision, type AuditPolicy, type AuditStage } from './policy.js';
import type { Outcome, Trail } from './trail.js';

export interface AuditorOptions {
  readonly log: AuditLog | undefined;
  /** Undefined: all that is more than a plain read of what is no secret, without bodies. */
  readonly policy: AuditPolicy | undefined;
  /** The kinds of the newest view. */
  readonly kinds: () => KindRegistry;
  readonly now: () => Instant;
}

const ID_MAX = 64;
const READS = new Set(['get', 'list', 'watch']);
/** What is kept without a policy, of the requests of which anything is. */
const METADATA: AuditDecision = {
  level: 'Metadata',
  omitStages: new Set<AuditStage>(['RequestReceived']),
  omitManagedFields: false,
};

/** Gives each request its audit id, and writes the audit events of those that the policy chooses. */
export class Auditor {
  constructor(private readonly options: AuditorOptions) {}

  /** Begins a request. The answer carries its audit id: the client's own if it sent one, as in Kubernetes. */
  begin(request: AnyRequest, response: AnyResponse): Trail {
    const own = request.headers['audit-id'];
    const auditId = typeof own === 'string' && /^[!-~]+$/.test(own) ? own.slice(0, ID_MAX) : randomUUID();
    response.setHeader('Audit-Id', auditId);
    const source = request.socket.remoteAddress;
    return { auditId, received: this.options.now(), source };
  }

  /** Who sends the request is known, and so is what the policy keeps of it. */
  authenticated(trail: Trail, request: AnyRequest, user: UserInfo): void {
    trail.authenticated = user;
    const { log, policy } = this.options;
    if (log === undefined || policy === undefined || trail.info === undefined) return;
    trail.decision = this.bounded(policy.decide(user, trail.info), trail.info);
    this.write(trail, request, { stage: 'RequestReceived', at: trail.received });
  }

  /** An answer goes on for as long as the client likes: its start is written now, its end when the connection ends. */
  goesOn(trail: Trail, request: AnyRequest, response: AnyResponse): void {
    const isHttp = response.headersSent;
    const outcome = { code: isHttp ? response.statusCode : 101 };
    this.write(trail, request, { stage: 'ResponseStarted', at: this.options.now(), outcome });
    const end = (): void => this.write(trail, request, { stage: 'ResponseComplete', at: this.options.now(), outcome });
    // What went on in another protocol has left its response.
    const isOver = isHttp ? isGone(response) : request.socket.destroyed;
    if (isOver) end();
    else if (isHttp) response.once('close', end);
    else request.socket.once('close', end);
  }

  end(trail: Trail, request: AnyRequest, outcome: Outcome): void {
    this.write(trail, request, { stage: 'ResponseComplete', at: this.options.now(), outcome });
  }

  private write(trail: Trail, request: AnyRequest, { stage, at, outcome }: Stage): void {
    const { log } = this.options;
    const { info } = trail;
    if (log === undefined || info === undefined) return;
    const code = outcome?.code ?? 0;
    const { level, omitStages, omitManagedFields } = this.decisionOf(trail, info, code);
    if (level === 'None' || omitStages.has(stage)) return;
    const isRefused = code === 401 || code === 403;
    const event = auditEvent(trail, info, request, { stage, at, level, omitManagedFields, outcome });
    log.write(isRefused ? 'refused' : 'audit', event);
  }

  private decisionOf(trail: Trail, info: RequestInfo, code: number): AuditDecision {
    const { policy } = this.options;
    if (policy === undefined) return this.isKept(trail, info, code) ? METADATA : { ...METADATA, level: 'None' };
    // Who was not let in at all is nobody.
    return trail.decision ?? this.bounded(policy.decide(ANONYMOUS, info), info);
  }

  /** Everything but plain reads of what is no secret. */
  private isKept({ impersonated }: Trail, info: RequestInfo, code: number): boolean {
    if (code === 401 || code === 403 || impersonated !== undefined) return true;
    if (!info.isResource) return info.method !== 'GET' && info.method !== 'HEAD';
    return !READS.has(info.verb) || CONNECTING.has(info.subresource) || this.isSecret(info);
  }

  /** Bodies and answers that hold secrets are not kept, whatever the policy says: nothing could ever shred them there. */
  private bounded(decision: AuditDecision, info: RequestInfo): AuditDecision {
    return keeps(decision.level, 'Request') && this.isSecret(info) ? { ...decision, level: 'Metadata' } : decision;
  }
  private isSecret({ group, version, resource, subresource }: RequestInfo): boolean {
    const kind = this.options.kinds().byResource(group, version, resource);
    if (kind === undefined) return false;
    // What a subresource answers and nobody stores is a token.
    return kind.sealed.length > 0 || kind.subresources.some((one) => one.name === subresource && one.isVirtual);
  }
}

interface Stage {
  readonly stage: AuditStage;
  readonly at: Instant;
  readonly outcome?: Outcome;
}
