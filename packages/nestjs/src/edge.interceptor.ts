import { Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { PageInterceptor } from './pages/page.interceptor.js';
import { RequestInterceptor } from './requests/request.interceptor.js';

/**
 * Around every handler, its scope, and within that its page. One interceptor for both: each one that
 * Nest knows of costs every call a promise and two Observables.
 */
@Injectable()
export class EdgeInterceptor implements NestInterceptor {
  constructor(
    private readonly requests: RequestInterceptor,
    private readonly pages: PageInterceptor,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return this.requests.intercept(context, {
      handle: () => this.pages.intercept(context, next),
    });
  }
}
