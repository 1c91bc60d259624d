//! An identity provider as its discovery document describes it, and the code flow with it.
//!
//! Owns discovery, the URL of the sign-in page, the exchange of the code, and the verification of the ID token. It must not
//! keep anything between two calls: the caller passes state, nonce and PKCE verifier.

use crate::{
    Error, Result,
    claims::{Claims, Client, Tokens},
    http::Http,
    identity::{Identity, is_storable},
};
use chrono::{DateTime, Utc};
use openidconnect::{
    AuthType, AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IdTokenVerifier,
    IssuerUrl, JwsSigningAlgorithm, LogoutRequest, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl, RequestTokenError,
    Scope, TokenResponse, UserInfoClaims,
    core::{
        CoreClientAuthMethod, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
        CoreJwsSigningAlgorithm, CoreResponseType,
    },
};
use providers::{AllowedHosts, Outbound};
use secrecy::{ExposeSecret, SecretString};

/// The outbound client, and the private hosts that it may reach.
#[derive(Clone, Copy)]
pub struct OutboundAccess<'a> {
    pub outbound: &'a Outbound,
    pub allowed: &'a AllowedHosts,
}

impl<'a> OutboundAccess<'a> {
    pub(crate) fn http(self) -> Http<'a> {
        Http { outbound: self.outbound, allowed: self.allowed }
    }
}

/// Mosaic as a client of the provider.
pub struct Registration {
    pub client_id: String,
    /// `None` for a public client, which PKCE protects.
    pub client_secret: Option<SecretString>,
    /// Where the provider sends the browser back to.
    pub redirect_uri: String,
    /// Scopes besides `openid`.
    pub scopes: Vec<String>,
    /// The claim that lists a user's groups.
    pub groups_claim: String,
}

/// The values that bind a sign-in to one browser. All are random, and each is used once.
pub struct Flow {
    /// Returned in the callback's query.
    pub state: String,
    /// Returned inside the ID token.
    pub nonce: String,
    /// The PKCE code verifier: proves at the token endpoint that this client began the flow. 43 to 128 characters.
    pub verifier: SecretString,
}

/// A discovered provider with its keys.
#[derive(Debug, Clone)]
pub struct Provider {
    pub(crate) metadata: ProviderMetadataWithLogout,
}

impl Provider {
    /// Reads the discovery document and the keys of `issuer`.
    ///
    /// # Errors
    /// [`Error::Unreachable`], [`Error::Discovery`], [`Error::Issuer`] when the document names another one, or
    /// [`Error::Keys`].
    pub async fn discover(access: OutboundAccess<'_>, issuer: &str) -> Result<Self> {
        let issuer = IssuerUrl::new(issuer.to_owned()).map_err(|_| Error::Discovery)?;
        let metadata = ProviderMetadataWithLogout::discover_async(issuer, &access.http()).await?;
        let provider = Self { metadata };
        if provider.metadata.jwks().keys().is_empty() || provider.algorithms().is_empty() {
            return Err(Error::Keys);
        }
        Ok(provider)
    }

    /// The provider's sign-in page, to send the browser to.
    pub fn authorize_url(&self, registration: &Registration, flow: &Flow) -> Result<String> {
        let client = self.client(registration)?;
        let verifier = PkceCodeVerifier::new(flow.verifier.expose_secret().to_owned());
        let (state, nonce) = (CsrfToken::new(flow.state.clone()), Nonce::new(flow.nonce.clone()));
        let code = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let request = client
            .authorize_url(code, move || state.clone(), move || nonce.clone())
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_scopes(registration.scopes.iter().cloned().map(Scope::new));
        Ok(request.url().0.to_string())
    }

    /// Redeems the code and verifies the ID token. Requests what the token lacks from the user-info endpoint.
    pub async fn redeem(
        &self,
        access: OutboundAccess<'_>,
        registration: &Registration,
        code: String,
        flow: &Flow,
        now: DateTime<Utc>,
    ) -> Result<Identity> {
        let client = self.client(registration)?;
        let tokens = self.exchange(access, &client, code, flow).await?;
        let token = tokens.id_token().ok_or(Error::TokenMissing)?;
        let verifier = self.verifier(registration).set_time_fn(move || now);
        let claims = token.claims(&verifier, &Nonce::new(flow.nonce.clone()))?;
        let mut identity = Identity::of_token(claims, &registration.groups_claim);
        if !is_storable(&identity.subject) || identity.session.as_deref().is_some_and(|sid| !is_storable(sid))
        {
            return Err(Error::Token);
        }
        let complete = identity.email.is_some() && identity.name.is_some() && !identity.groups.is_empty();
        if complete || self.metadata.userinfo_endpoint().is_none() {
            return Ok(identity);
        }
        let request = client
            .user_info(tokens.access_token().clone(), Some(claims.subject().clone()))
            .map_err(|_| Error::UserInfo)?;
        let info: UserInfoClaims<Claims, CoreGenderClaim> =
            request.request_async(&access.http()).await.map_err(|_| Error::UserInfo)?;
        identity.complete(&info, &registration.groups_claim);
        Ok(identity)
    }

    /// Where to send a browser after it has signed out here, so that it signs out at the provider too; `None` when the
    /// provider has no such page.
    pub fn end_session_url(&self, client_id: &str, back_to: &str) -> Option<String> {
        let endpoint = self.metadata.additional_metadata().end_session_endpoint.clone()?;
        let back_to = PostLogoutRedirectUrl::new(back_to.to_owned()).ok()?;
        // By client id: an ID token as a hint would have to be stored for as long as the session.
        let request = LogoutRequest::from(endpoint)
            .set_client_id(ClientId::new(client_id.to_owned()))
            .set_post_logout_redirect_uri(back_to);
        Some(request.http_get_url().to_string())
    }

    /// Whether the provider accepts client id and secret: only then it refuses an invented code because of the code.
    pub(crate) async fn accepts_client(
        &self,
        access: OutboundAccess<'_>,
        registration: &Registration,
    ) -> Result<()> {
        let client = self.client(registration)?;
        let flow = Flow { state: String::new(), nonce: String::new(), verifier: "0".repeat(43).into() };
        match self.exchange(access, &client, "mosaic-connection-test".into(), &flow).await {
            Err(Error::Code) | Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn exchange(
        &self,
        access: OutboundAccess<'_>,
        client: &Client,
        code: String,
        flow: &Flow,
    ) -> Result<Tokens> {
        let verifier = PkceCodeVerifier::new(flow.verifier.expose_secret().to_owned());
        let request = client.exchange_code(AuthorizationCode::new(code)).map_err(|_| Error::Discovery)?;
        request.set_pkce_verifier(verifier).request_async(&access.http()).await.map_err(|error| match error {
            RequestTokenError::Request(error) => Error::Unreachable(error),
            RequestTokenError::ServerResponse(response) => match response.error() {
                CoreErrorResponseType::InvalidClient | CoreErrorResponseType::UnauthorizedClient => {
                    Error::Client
                }
                _ => Error::Code,
            },
            RequestTokenError::Parse(..) => Error::Token,
            RequestTokenError::Other(_) => Error::Code,
        })
    }

    fn client(&self, registration: &Registration) -> Result<Client> {
        let secret = registration.client_secret.as_ref();
        let client = Client::from_provider_metadata(
            self.metadata.clone(),
            ClientId::new(registration.client_id.clone()),
            secret.map(|secret| ClientSecret::new(secret.expose_secret().to_owned())),
        );
        let redirect = RedirectUrl::new(registration.redirect_uri.clone()).map_err(|_| Error::Discovery)?;
        let client = client.set_redirect_uri(redirect);
        // The default is basic authentication, but some providers accept the secret only in the body.
        let methods = self.metadata.token_endpoint_auth_methods_supported();
        let only_body = methods.is_some_and(|methods| {
            methods.contains(&CoreClientAuthMethod::ClientSecretPost)
                && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
        });
        Ok(if only_body { client.set_auth_type(AuthType::RequestBody) } else { client })
    }

    fn verifier(&self, registration: &Registration) -> IdTokenVerifier<'static, CoreJsonWebKey> {
        // Like a public client even if there is a secret: only signatures with the provider's own keys count.
        IdTokenVerifier::new_public_client(
            ClientId::new(registration.client_id.clone()),
            self.metadata.issuer().clone(),
            self.metadata.jwks().clone(),
        )
        .set_allowed_algs(self.algorithms())
    }

    /// The announced signature methods whose key only the provider has.
    pub(crate) fn algorithms(&self) -> Vec<CoreJwsSigningAlgorithm> {
        let announced = self.metadata.id_token_signing_alg_values_supported().iter();
        announced
            .filter(|algorithm| algorithm.key_type().is_some() && !algorithm.uses_shared_secret())
            .cloned()
            .collect()
    }
}
