import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, NatsContext, Payload } from '@nestjs/microservices';
import { subjects } from '#engine';
import type { AssignmentSync, JoinAnswer, ReportAnswer, TokenAnswer } from '#model';
import {
  CredentialPayload,
  HealthHost,
  HeartbeatPayload,
  IncidentPayload,
  JoinPayload,
  NodeReportPayload,
  PodReportPayload,
  RegisterPayload,
  type RenewedCredential,
  SyncPayload,
  TokenPayload,
} from '#nest';

/** What agents say and ask. The node is the one in the subject: an agent can publish under no other name. */
@Controller()
export class ReportController {
  constructor(private readonly host: HealthHost) {}

  @MessagePattern(subjects.reports('register'))
  register(@Payload() request: RegisterPayload, @Ctx() context: NatsContext): Promise<ReportAnswer> {
    return this.host.health.register(this.host.reporter(context.getSubject()), request);
  }

  @MessagePattern(subjects.reports('sync'))
  sync(@Payload() request: SyncPayload, @Ctx() context: NatsContext): Promise<AssignmentSync> {
    return this.host.health.sync({ boot: request.boot, node: this.host.reporter(context.getSubject()) });
  }

  @MessagePattern(subjects.reports('pod'))
  pod(@Payload() report: PodReportPayload, @Ctx() context: NatsContext): Promise<ReportAnswer> {
    return this.host.health.podReport(this.host.reporter(context.getSubject()), report);
  }

  @MessagePattern(subjects.reports('node'))
  node(@Payload() report: NodeReportPayload, @Ctx() context: NatsContext): Promise<ReportAnswer> {
    return this.host.health.nodeReport(this.host.reporter(context.getSubject()), report);
  }

  @MessagePattern(subjects.reports('incident'))
  incident(@Payload() report: IncidentPayload, @Ctx() context: NatsContext): Promise<ReportAnswer> {
    return this.host.health.incident(this.host.reporter(context.getSubject()), report);
  }

  @MessagePattern(subjects.reports('token'))
  token(@Payload() request: TokenPayload, @Ctx() context: NatsContext): Promise<TokenAnswer> {
    return this.host.health.token(this.host.reporter(context.getSubject()), request);
  }

  @MessagePattern(subjects.reports('credential'))
  credential(@Payload() request: CredentialPayload, @Ctx() context: NatsContext): Promise<RenewedCredential> {
    return this.host.renew(this.host.reporter(context.getSubject()), request.publicKey);
  }

  @MessagePattern(subjects.joins)
  join(@Payload() request: JoinPayload, @Ctx() context: NatsContext): Promise<JoinAnswer> {
    return this.host.join(context.getSubject(), request);
  }

  /** Answered for agents that count from when they were last heard. */
  @MessagePattern(subjects.heartbeats)
  heartbeat(@Payload() beat: HeartbeatPayload, @Ctx() context: NatsContext): object {
    this.host.health.heartbeat({ ...beat, node: this.host.reporter(context.getSubject()) });
    return {};
  }
}
