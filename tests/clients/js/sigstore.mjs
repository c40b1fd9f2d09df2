// A private Sigstore: the certificate authority and the transparency log of `@sigstore/mock`, behind a server.
//
// The mock takes requests as sigstore-js sends them, and believes every ID token. This server takes them as other
// clients send them, checks ID tokens as Fulcio does, and shows what clients need to trust it.
import { createHash, generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { fulcioHandler, initializeCA, initializeCTLog, initializeTLog, rekorHandler } from "@sigstore/mock";
import { createRemoteJWKSet, decodeJwt, jwtVerify, UnsecuredJWT } from "jose";

const DAY = 24 * 60 * 60 * 1000;

/** Return the issuer's keys, found as OpenID Connect Discovery describes. */
async function keysOf(issuer) {
	const described = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
	return createRemoteJWKSet(new URL(described.jwks_uri));
}

/** Return the claims of an ID token: of an accepted issuer, for the audience of this Fulcio, and not expired. */
async function claimsOf(token, audiences) {
	const issuer = decodeJwt(token).iss;
	if (!(issuer in audiences)) {
		throw new Error(`the issuer ${issuer} is not supported`);
	}
	return (await jwtVerify(token, await keysOf(issuer), { issuer, audience: audiences[issuer] })).payload;
}

/** Return the subject of a certificate, by the rules of Fulcio for GitHub, for GitLab and for other issuers. */
function subjectOf(claims) {
	if (claims.job_workflow_ref) {
		return `https://github.com/${claims.job_workflow_ref}`;
	}
	return claims.ci_config_ref_uri ? `https://${claims.ci_config_ref_uri}` : claims.sub;
}

/** Return a request for a certificate as the mock takes it. */
async function certificateRequest({ body, headers }, audiences) {
	const token = headers.authorization.replace(/^Bearer /, "");
	const claims = await claimsOf(token, audiences);
	const oidcIdentityToken = new UnsecuredJWT({ ...claims, sub: subjectOf(claims) }).encode();
	const pem = Buffer.from(JSON.parse(body).certificateSigningRequest, "base64").toString();
	return JSON.stringify({ credentials: { oidcIdentityToken }, certificateSigningRequest: pem });
}

const sha256 = (bytes) => ({ algorithm: "sha256", value: createHash("sha256").update(bytes).digest("hex") });

/** Return an entry as Rekor logs it: with digests and signatures in place of the envelope. */
function loggedEntry(body) {
	const { apiVersion, kind, spec } = JSON.parse(body);
	const { envelope, verifiers } = spec.proposedContent;
	const { payload, signatures } = JSON.parse(envelope);
	const logged = {
		envelopeHash: sha256(envelope),
		payloadHash: sha256(Buffer.from(payload, "base64")),
		signatures: signatures.map(({ sig }) => ({ signature: sig, verifier: verifiers[0] })),
	};
	return JSON.stringify({ apiVersion, kind, spec: logged });
}

/** Return what clients need to sign with this instance, and to verify its signatures: a ClientTrustConfig. */
function trustConfig(url, ca, ctLog, log) {
	const validFor = { start: new Date(Date.now() - DAY).toISOString() };
	const keyOf = ({ publicKey }) => ({
		baseUrl: url,
		hashAlgorithm: "SHA2_256",
		publicKey: { rawBytes: publicKey.toString("base64"), keyDetails: "PKIX_ECDSA_P256_SHA_256", validFor },
		logId: { keyId: createHash("sha256").update(publicKey).digest("base64") },
	});
	const service = { url, majorApiVersion: 1, validFor, operator: "sigstore.mock" };
	return {
		mediaType: "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
		trustedRoot: {
			mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
			tlogs: [keyOf(log)],
			certificateAuthorities: [
				{
					subject: { organization: "sigstore.mock", commonName: "sigstore" },
					uri: url,
					certChain: { certificates: [{ rawBytes: ca.rootCertificate.toString("base64") }] },
					validFor,
				},
			],
			ctlogs: [keyOf(ctLog)],
			timestampAuthorities: [],
		},
		signingConfig: {
			mediaType: "application/vnd.dev.sigstore.signingconfig.v0.2+json",
			caUrls: [service],
			oidcUrls: [],
			rekorTlogUrls: [service],
			rekorTlogConfig: { selector: "ANY" },
			tsaUrls: [],
			tsaConfig: { selector: "ANY" },
		},
	};
}

async function bodyOf(request) {
	const parts = [];
	for await (const part of request) {
		parts.push(part);
	}
	return Buffer.concat(parts).toString();
}

/**
 * Serve an instance until standard input ends, and print its URL.
 *
 * `audiences` has the audience of ID tokens by issuer. `logMinutes` moves the clock of the transparency log.
 */
async function serve({ audiences, logMinutes = 0 }) {
	const keys = () => generateKeyPairSync("ec", { namedCurve: "prime256v1" });
	const ctLog = await initializeCTLog(keys());
	const ca = await initializeCA(keys(), ctLog);
	const server = createServer(answer);
	await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
	const url = `http://127.0.0.1:${server.address().port}`;
	const log = await initializeTLog(url, keys(), logMinutes ? new Date(Date.now() + logMinutes * 60_000) : undefined);
	const fulcio = fulcioHandler(ca);
	const rekor = rekorHandler(log);
	const made = { certificates: 0, entries: 0 };

	async function handle(request) {
		const body = await bodyOf(request);
		switch (`${request.method} ${request.url}`) {
			case `POST ${fulcio.path}`: {
				const answered = await fulcio.fn(await certificateRequest({ body, headers: request.headers }, audiences));
				made.certificates += 1;
				return answered;
			}
			case `POST ${rekor.path}`:
				made.entries += 1;
				return rekor.fn(loggedEntry(body));
			case "GET /trust-config":
				return { statusCode: 200, response: JSON.stringify(trustConfig(url, ca, ctLog, log)) };
			case "GET /made":
				return { statusCode: 200, response: JSON.stringify(made) };
			default:
				return { statusCode: 404, response: JSON.stringify({ message: "no such service" }) };
		}
	}

	function answer(request, response) {
		handle(request)
			// As the services of Sigstore do: the message names the reason.
			.catch((error) => ({ statusCode: 400, response: JSON.stringify({ code: 3, message: error.message }) }))
			.then(({ statusCode, response: text, contentType = "application/json" }) => {
				response.writeHead(statusCode, { "content-type": contentType }).end(text);
			});
	}

	// Whoever started this process may have killed a process in between.
	process.stdin.on("end", () => process.exit()).resume();
	console.log(url);
}

await serve(JSON.parse(process.argv[2]));
