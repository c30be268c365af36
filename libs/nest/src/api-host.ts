import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Http2SecureServer } from 'node:http2';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { AuditFiles, issueApiCertificate, writeKubeconfig } from '#adapters';
import { untilView, cancellableDelay, type CommandsMessage, type LoopRunner, type ResultsMessage } from '#engine';
import {
  Aggregator,
  createApi,
  createApiServer,
  MetricSource,
  renewTls,
  type AuditPolicy,
  type TlsOptions,
} from '#http';
import { accessPolicy, isBootstrapped } from '#kinds';
import { apiLoops, apiServiceAvailability } from '#loops';
import type { MetricAnswer } from '#model';
import { Fault } from '#std';
import { explain, say } from '#terminal';
import { readAuditPolicy } from './audit-policy.js';
import { auditOf } from './key-upkeep.js';
import { NodeBackend } from './node-backend.js';
import { MetricQuestionPayload } from './payloads.js';
import { Platform } from './platform.js';
import { apiUrl } from './settings.js';

/** A new cluster's roles are in its log within some tenths of a second. */
const ROLES_MS = 10_000;

/** The Kubernetes API: HTTPS for people and, while this process has the writer, commands from the bus for loops elsewhere. */
@Injectable()
export class ApiHost implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private server: Http2SecureServer | undefined;
  private tls: TlsOptions | undefined;
  private aggregator: Aggregator | undefined;
  private metrics: MetricSource | undefined;
  private readonly sockets = new Set<Socket>();
  private readonly audit: AuditFiles;
  private readonly auditPolicy: AuditPolicy | undefined;

  constructor(private readonly platform: Platform) {
    const { home, auditPolicy } = platform.settings;
    this.auditPolicy = auditPolicy === undefined ? undefined : readAuditPolicy(auditPolicy);
    const folder = join(home, 'audit');
    this.audit = new AuditFiles({ folder, onProblem: (problem) => say(`audit: ${problem}`) });
  }

  async onApplicationBootstrap(): Promise<void> {
    const { plane, keys, upkeep, settings, bus, streamBus } = this.platform;
    const commands = this.platform.commandsOf('api');
    const backend = new NodeBackend({ plane, commands, bus, streamBus });
    const { clock, ids } = plane.options;
    let runners: LoopRunner[] = [];
    const onChecked = (apiService: string): void =>
      runners.find(({ name }) => name === apiServiceAvailability.name)?.poke(apiService);
    const aggregator = new Aggregator({ backend, keys, clock, onChecked });
    this.aggregator = aggregator;
    this.metrics = new MetricSource({ backend, aggregator, authorizer: accessPolicy });
    const outside = () => ({ ...this.platform.outside(), ...aggregator.outside() });
    this.platform.writing?.role.whileHeld(() => {
      runners = [...plane.run(apiLoops, commands, outside)];
      return () => plane.end(runners.splice(0));
    });
    aggregator.start();
    // Who comes first finds the roles that let him in. Where they cannot be written, the API is needed to say why.
    const { done, cancel } = cancellableDelay(plane.options.clock, ROLES_MS);
    await Promise.race([untilView(plane.reads, isBootstrapped), done]);
    cancel();
    const api = createApi({
      backend,
      aggregator,
      keys,
      address: new URL(apiUrl(settings)).host,
      audit: this.audit,
      auditPolicy: this.auditPolicy,
      onFault: (cause, id) => say(`api: fault ${id}: ${explain(cause)}`),
    });
    this.server = createApiServer(api, await this.freshTls());
    this.server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    await this.listen(this.server);
    upkeep.onChange((change) => this.audit.write('audit', auditOf(change, clock.now(), ids.uid())));
    // The server first: it has to know the CA of the certificate that the kubeconfig gets.
    await upkeep.keep(() => this.renewCertificates());
  }

  private async renewCertificates(): Promise<void> {
    const { keys, settings } = this.platform;
    const before = this.tls;
    const tls = await this.freshTls();
    if (this.server && tls !== before) renewTls(this.server, tls);
    await writeKubeconfig(keys, join(settings.home, 'kubeconfig'), apiUrl(settings));
  }

  /** The server's certificate and the CAs of its clients, with a new certificate when one is due. */
  private async freshTls(): Promise<TlsOptions> {
    const { keys, settings } = this.platform;
    const { tls } = this;
    const clientCa = keys.caCertificate;
    const isDue = tls === undefined || keys.isCertificateDue(tls.certificate);
    if (!isDue && tls.clientCa === clientCa) return tls;
    const names = [...settings.apiNames, ...namesOf(settings.apiHost)];
    this.tls = { ...(isDue ? await issueApiCertificate(keys, names) : tls), clientCa };
    return this.tls;
  }

  /** Commands that came over the bus from a client, in one message. What is another writer's affair is not answered at all. */
  async submitAll(client: string, message: CommandsMessage): Promise<ResultsMessage> {
    const { writing } = this.platform;
    if (writing === undefined) throw new Fault('this process can have no writer', true);
    return (await writing.role.take(client, message, writing.gate)) ?? new Promise(() => undefined);
  }

  /** A figure of a server that is registered for custom or external metrics. */
  metric(question: MetricQuestionPayload): Promise<MetricAnswer> {
    const { metrics } = this;
    if (metrics === undefined) return Promise.resolve({ error: 'the API has not started yet' });
    return metrics.answer(MetricQuestionPayload.question(question));
  }

  async beforeApplicationShutdown(): Promise<void> {
    const { server } = this;
    this.aggregator?.stop();
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    // Watches never end by themselves.
    for (const socket of this.sockets) socket.destroy();
    await closed;
    await this.audit.close();
  }

  private listen(server: Http2SecureServer): Promise<void> {
    const { apiHost, apiPort } = this.platform.settings;
    return new Promise((resolve, reject) => {
      server.once('error', (cause: Error) =>
        reject(new Fault(`The API cannot listen on ${apiHost}:${apiPort}: ${cause.message}`, false, { cause })),
      );
      server.listen(apiPort, apiHost, resolve);
    });
  }
}

/** The address it listens on is one of its names, unless that means all of them. */
function namesOf(host: string): string[] {
  return host === '0.0.0.0' || host === '::' ? [] : [host];
}
