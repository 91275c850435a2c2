//! Who asks: a signature, or a token that this server gave away (sheet section 2).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cohong_core::engine::{Engine, Secret};
use cohong_core::model::{AccessKeyId, AccountId, Principal, Timestamp};
use cohong_sign::Place;
use cohong_sign::sdk_hmac::{self, Claim};
use http::HeaderMap;
use http::request::Parts;
use sha2::{Digest as _, Sha256};

use super::error::OmsError;
use super::limits::{TOKEN_CHARS_MAX, TOKEN_LIFE};
use crate::gate::auth::{Claimed, Rules, Time, judge, signed_head};

/// Header with a token.
const TOKEN: &str = "x-auth-token";

/// First line of what is sealed into a token, so that nothing else that is sealed passes for one.
const SEALED: &str = "X-Auth-Token";

/// What a head says of who sent it. A signature covers the body, so it is judged when that was read.
#[derive(Debug)]
pub(super) enum Asker {
    /// Somebody who signed; the access key exists.
    Signed(Claim),
    /// Somebody with a token, which was judged.
    Known(Principal),
}

/// Reads what a head says of who sent it. Where both are given the signature counts: the vendor's pages call
/// the token mandatory and recommend to sign.
pub(super) async fn asker(engine: &Engine, headers: &HeaderMap) -> Result<Asker, OmsError> {
    match sdk_hmac::present(headers) {
        Err(error) => Err(OmsError::unknown_caller(error.fault)),
        Ok(Some(claim)) => {
            // Before the body is read: nobody makes the server hold one without a key.
            let key = AccessKeyId(claim.access_key.as_str().into());
            match engine.credential(&key).await? {
                None => Err(OmsError::unknown_key(&claim.access_key)),
                Some(_) => Ok(Asker::Signed(claim)),
            }
        }
        Ok(None) => holder(engine, headers).await.map(Asker::Known),
    }
}

/// Judges a signature with the body that it covers.
pub(super) async fn signer(
    engine: &Engine,
    rules: &Rules,
    claim: &Claim,
    head: &Parts,
    body: &[u8],
) -> Result<Principal, OmsError> {
    let claimed = Claimed {
        access_key: &claim.access_key,
        token: claim.security_token.as_deref(),
        region: None,
        time: Time::Sent(claim.time.unix_seconds()),
        place: Place::Header,
    };
    let check = |secret: &Secret| {
        sdk_hmac::verify(claim, secret.expose(), &signed_head(head), body).map_err(|error| {
            OmsError::unknown_caller(format_args!("verify aksk signature fail: {error}"))
        })
    };
    let (principal, ()) = judge(engine, rules, claimed, check).await?;
    Ok(principal)
}

/// The account of an access key with its secret. A temporary key has no place here: nothing carries its token.
pub(super) async fn account_of(
    engine: &Engine,
    rules: &Rules,
    access_key: &str,
    secret: &str,
) -> Result<AccountId, OmsError> {
    let now = engine.ports().clock.now();
    let claimed = Claimed {
        access_key,
        token: None,
        region: None,
        time: Time::Sent(i64::try_from(now.seconds()).unwrap_or(i64::MAX)),
        place: Place::Header,
    };
    let check = |own: &Secret| {
        // Of digests, so that the time taken tells nothing about the secret.
        if Sha256::digest(own.expose()) == Sha256::digest(secret) {
            Ok(())
        } else {
            Err(OmsError::unknown_caller("the secret is wrong"))
        }
    };
    let (principal, ()) = judge(engine, rules, claimed, check).await?;
    match principal {
        Principal::Account { account, .. } => Ok(account),
        Principal::Anonymous => Err(OmsError::unknown_key(access_key)),
    }
}

/// A token and its end for the holder of an access key. It is sealed and stored nowhere; it ends with the key.
pub(super) fn issue(engine: &Engine, access_key: &str) -> (String, Timestamp) {
    let ports = engine.ports();
    let end = ports.clock.now().plus(TOKEN_LIFE);
    let plain = format!("{SEALED}\n{}\n{access_key}", end.millis());
    let sealed = ports.sealer.seal(plain.as_bytes());
    (URL_SAFE_NO_PAD.encode(sealed), end)
}

/// On whose behalf the holder of a token acts.
async fn holder(engine: &Engine, headers: &HeaderMap) -> Result<Principal, OmsError> {
    let bad = || OmsError::unknown_caller("decrypt token fail");
    let mut tokens = headers.get_all(TOKEN).iter();
    let token = match (tokens.next(), tokens.next()) {
        (None, _) => {
            let why = "sign the request with SDK-HMAC-SHA256 or send X-Auth-Token";
            return Err(OmsError::unknown_caller(why));
        }
        (Some(token), None) => token.to_str().map_err(|_| bad())?,
        (Some(_), Some(_)) => return Err(bad()),
    };
    if !(1..=TOKEN_CHARS_MAX).contains(&token.len()) {
        return Err(bad());
    }
    let sealed = URL_SAFE_NO_PAD.decode(token).map_err(|_| bad())?;
    let plain = engine.ports().sealer.open(&sealed).map_err(|_| bad())?;
    let (access_key, end) = opened(&plain).ok_or_else(bad)?;
    if engine.ports().clock.now() >= end {
        return Err(OmsError::unknown_caller(
            "decrypt token fail: the token has expired; issue a new one",
        ));
    }
    let key = AccessKeyId(access_key.into());
    let found = engine.credential(&key).await?;
    let found = found.ok_or_else(|| OmsError::unknown_key(access_key))?;
    Ok(found.principal)
}

/// Access key and end in an opened token.
fn opened(plain: &[u8]) -> Option<(&str, Timestamp)> {
    let mut lines = std::str::from_utf8(plain).ok()?.splitn(3, '\n');
    (lines.next()? == SEALED).then_some(())?;
    let end = lines.next()?.parse().ok()?;
    Some((lines.next()?, Timestamp::from_millis(end)))
}
