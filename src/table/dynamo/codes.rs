//! Classifies the error codes and HTTP statuses of DynamoDB by what the caller should do.

use crate::error::Code;

/// Classifies an answer of DynamoDB by its error code. Source: the developer guide, "Error handling with DynamoDB",
/// and "Common errors" of the API reference.
pub(super) fn classify(code: &str, status: u16) -> Code {
    match code {
        _ if is_throttle(code) => Code::Throttled,
        "ResourceNotFoundException" | "ItemCollectionSizeLimitExceededException" => Code::Table,
        // Requests are checked before they are sent, so the remaining cause is a table with other keys.
        "ValidationException" => Code::Table,
        "AccessDeniedException"
        | "AccessDenied"
        | "UnrecognizedClientException"
        | "UnrecognizedClient"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "NotAuthorized"
        | "OptInRequired"
        | "RequestExpired" => Code::Access,
        _ if is_expired(code) => Code::Access,
        "InvalidEndpointException" => Code::InvalidArgument,
        "RequestTimeout"
        | "RequestTimeoutException"
        | "ResourceInUseException"
        | "TransactionConflictException"
        | "ReplicatedWriteConflictException" => Code::Unavailable,
        _ if status >= 500 => Code::Unavailable,
        _ => Code::Internal,
    }
}

/// Classifies an answer without an error code: a broken one from DynamoDB, or one from a proxy or another server.
pub(super) fn classify_status(status: u16) -> Code {
    match status {
        401 | 403 | 407 => Code::Access,
        400..500 => Code::InvalidArgument,
        _ => Code::Unavailable,
    }
}

/// Whether the error code means that the credentials have expired.
pub(super) fn is_expired(code: &str) -> bool {
    matches!(code, "ExpiredTokenException" | "ExpiredToken")
}

/// Whether the error code means that a throughput limit was exceeded.
pub(super) fn is_throttle(code: &str) -> bool {
    matches!(
        code,
        "ProvisionedThroughputExceededException"
            | "ProvisionedThroughputExceeded"
            | "Throttling"
            | "ThrottlingException"
            | "ThrottledException"
            | "RequestLimitExceeded"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "TooManyRequestsException"
            | "LimitExceededException"
            | "SlowDown"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_says_what_the_caller_should_do() {
        for (code, status, class) in [
            ("ProvisionedThroughputExceededException", 400, Code::Throttled),
            ("ThrottlingException", 400, Code::Throttled),
            ("ThrottlingException", 503, Code::Throttled),
            ("RequestLimitExceeded", 400, Code::Throttled),
            ("ResourceNotFoundException", 400, Code::Table),
            ("AccessDeniedException", 400, Code::Access),
            ("UnrecognizedClientException", 400, Code::Access),
            ("InvalidSignatureException", 400, Code::Access),
            ("ExpiredTokenException", 400, Code::Access),
            ("MissingAuthenticationTokenException", 400, Code::Access),
            ("InternalServerError", 500, Code::Unavailable),
            ("ServiceUnavailable", 503, Code::Unavailable),
            ("ValidationException", 400, Code::Table),
            ("SomethingNew", 400, Code::Internal),
        ] {
            assert_eq!(classify(code, status), class, "{code} {status}");
        }
    }

    #[test]
    fn an_answer_without_a_code_is_classified_by_its_status() {
        let classes = [200, 403, 404, 502].map(classify_status);
        assert_eq!(classes, [Code::Unavailable, Code::Access, Code::InvalidArgument, Code::Unavailable]);
    }
}
