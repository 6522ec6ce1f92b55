import { Global, Inject, Module } from '@nestjs/common';
import type { NestModule, OnModuleInit } from '@nestjs/common';
import {
  APP_GUARD,
  APP_INTERCEPTOR,
  DiscoveryModule,
  DiscoveryService,
  HttpAdapterHost,
} from '@nestjs/core';
import { AppSettings } from './app-settings.js';
import { provideForObjectsOfFactories } from './methods/factory-objects.js';
import { RequestGuard } from './requests/request.guard.js';
import { RequestInterceptor } from './requests/request.interceptor.js';
import { requestMiddleware } from './requests/request.middleware.js';
import { INSTALLED } from './tokens.js';

/** What there is once in an application, however often caches are registered. */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [
    AppSettings,
    { provide: INSTALLED, useValue: true },
    { provide: APP_GUARD, useClass: RequestGuard },
    { provide: APP_INTERCEPTOR, useClass: RequestInterceptor },
  ],
  exports: [AppSettings, INSTALLED],
})
export class LocMemCoreModule implements NestModule, OnModuleInit {
  constructor(
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
  ) {}

  /** Called before any middleware of a module is set up, so ours comes first. */
  configure(): void {
    // None in an application of messages alone.
    const adapter = this.adapterHost.httpAdapter as typeof this.adapterHost.httpAdapter | undefined;
    adapter?.use(requestMiddleware);
  }

  async onModuleInit(): Promise<void> {
    await provideForObjectsOfFactories(this.discovery);
  }
}
