/**
 * Apollo's server under Nest's driver on Express, as it is, and on Fastify, where what Apollo offers for any
 * server stands in for the integration that Nest would load.
 */
import { ApolloServer, HeaderMap } from '@apollo/server';
import type { ApolloServerOptions, BaseContext } from '@apollo/server';
import { ApolloDriver } from '@nestjs/apollo';
import type { ApolloDriverConfig } from '@nestjs/apollo';
import { Injectable } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: unknown;
}

interface Reply {
  status(status: number): this;
  headers(headers: Record<string, string>): this;
  send(body: string): this;
}

interface Fastify {
  post(path: string, handler: (asked: Asked, reply: Reply) => Promise<Reply>): void;
}

@Injectable()
class ApolloOnBoth extends ApolloDriver {
  protected override async registerFastify(options: ApolloDriverConfig): Promise<void> {
    const server = new ApolloServer(options as unknown as ApolloServerOptions<BaseContext>);
    await server.start();
    const contextOf = options.context as (asked: Asked, reply: Reply) => Promise<BaseContext>;
    const fastify = this.httpAdapterHost.httpAdapter.getInstance<Fastify>();
    fastify.post(options.path!, async (asked, reply) => {
      const { method, url, body } = asked;
      const headers = new HeaderMap(Object.entries(asked.headers));
      const answer = await server.executeHTTPGraphQLRequest({
        httpGraphQLRequest: { method, headers, search: new URL(url, 'http://x').search, body },
        context: () => contextOf(asked, reply),
      });
      if (answer.body.kind !== 'complete') throw new Error('no answer in parts here');
      const fields = Object.fromEntries(answer.headers);
      return reply
        .status(answer.status ?? 200)
        .headers(fields)
        .send(answer.body.string);
    });
    this.apolloServer = server;
  }
}

/** GraphQL whose schema is made of the resolvers' classes. */
export const graphQL = (config: Partial<ApolloDriverConfig> = {}) =>
  GraphQLModule.forRoot<ApolloDriverConfig>({
    ...{ driver: ApolloOnBoth, autoSchemaFile: true },
    ...config,
  });
