/// The language of a text that a person reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// Simplified Chinese, the default of the REST contract.
    #[default]
    Chinese,
    /// English.
    English,
}

struct Row {
    code: ErrorCode,
    name: &'static str,
    number: i32,
    status: u16,
    chinese: &'static str,
    english: &'static str,
}

/// Writes the enum and its table from one list, so that no code can lack a column.
macro_rules! error_table {
    ($($variant:ident $name:literal $number:literal $status:literal $chinese:literal $english:literal;)*) => {
        /// Every way in which a request can fail. Names and numbers are stable: clients test them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ErrorCode {
            $(#[doc = $english] $variant,)*
        }

        const TABLE: &[Row] = &[$(Row {
            code: ErrorCode::$variant, name: $name, number: $number, status: $status, chinese: $chinese, english: $english,
        },)*];
    };
}

error_table! {
    // Ours to mend.
    Internal "INTERNAL" -1 500 "服务器内部错误" "Something went wrong on our side.";
    ServiceUnavailable "SERVICE_UNAVAILABLE" 10101 503 "服务暂时不可用，请稍后再试" "A part of the service is unavailable; try again later.";
    Timeout "TIMEOUT" 10102 504 "请求处理超时" "The request took too long.";
    Overloaded "OVERLOADED" 10103 503 "服务繁忙，请稍后再试" "The service is busy; try again later.";
    RateLimited "RATE_LIMITED" 10104 429 "请求过于频繁，请稍后再试" "Too many requests; try again later.";
    NotAvailable "NOT_AVAILABLE" 10105 501 "该功能暂未开放" "This feature is not available yet.";
    // The request itself.
    InvalidArgument "INVALID_ARGUMENT" 10001 400 "参数错误" "A parameter is missing or invalid.";
    InvalidId "INVALID_ID" 10002 400 "ID 格式错误" "An id is a decimal number.";
    InvalidPage "INVALID_PAGE" 10003 400 "分页参数错误" "The page parameters are invalid.";
    UnreadableBody "UNREADABLE_BODY" 10004 400 "无法解析请求体" "The request body cannot be read.";
    UnknownEndpoint "UNKNOWN_ENDPOINT" 10005 404 "接口不存在" "There is no such endpoint.";
    MethodNotAllowed "METHOD_NOT_ALLOWED" 10006 405 "请求方法不支持" "The endpoint does not take this method.";
    PayloadTooLarge "PAYLOAD_TOO_LARGE" 10007 413 "请求体过大" "The request body is too large.";
    UnsupportedMediaType "UNSUPPORTED_MEDIA_TYPE" 10008 415 "不支持的内容类型" "The content type is not supported.";
    NotFound "NOT_FOUND" 10009 404 "资源不存在" "It does not exist.";
    // Who is asking.
    Unauthenticated "UNAUTHENTICATED" 10201 401 "请先登录" "Log in first.";
    TokenInvalid "TOKEN_INVALID" 10202 401 "令牌无效" "The token is invalid.";
    TokenExpired "TOKEN_EXPIRED" 10203 401 "登录已过期，请重新登录" "The login has expired; log in again.";
    SessionEnded "SESSION_ENDED" 10204 401 "登录已失效，请重新登录" "This login has ended; log in again.";
    Forbidden "FORBIDDEN" 10205 403 "没有权限" "You may not do this.";
    // GraphQL documents.
    GraphqlParseFailed "GRAPHQL_PARSE_FAILED" 10301 400 "GraphQL 语法错误" "The GraphQL document cannot be parsed.";
    GraphqlValidationFailed "GRAPHQL_VALIDATION_FAILED" 10302 400 "GraphQL 校验失败" "The GraphQL document is not valid.";
    DocumentTooLarge "DOCUMENT_TOO_LARGE" 10303 400 "GraphQL 文档过大" "The GraphQL document is too large.";
    DepthLimit "DEPTH_LIMIT_EXCEEDED" 10304 400 "查询层级过深" "The query is nested too deeply.";
    AliasLimit "ALIAS_LIMIT_EXCEEDED" 10305 400 "别名过多" "The query has too many aliases.";
    RootFieldLimit "ROOT_FIELD_LIMIT_EXCEEDED" 10306 400 "根字段过多" "The query has too many root fields.";
    DirectiveLimit "DIRECTIVE_LIMIT_EXCEEDED" 10307 400 "指令过多" "The query has too many directives.";
    SelectionLimit "SELECTION_LIMIT_EXCEEDED" 10308 400 "查询字段过多" "The query selects too many fields.";
    PageSizeLimit "PAGE_SIZE_LIMIT_EXCEEDED" 10309 400 "每页数量超过上限" "The page size is above its limit.";
    TokenLimit "TOKEN_LIMIT_EXCEEDED" 10310 400 "GraphQL 文档词元过多" "The GraphQL document has too many tokens.";
    CostLimit "COST_LIMIT_EXCEEDED" 10311 400 "查询的对象过多" "The query asks for too many objects.";
    AnswerLimit "ANSWER_LIMIT_EXCEEDED" 10312 400 "查询结果过大" "The answer is too large; ask for less.";
    // user
    UsernameTaken "USERNAME_TAKEN" 11001 409 "用户名已被占用" "This username is taken.";
    InvalidUsername "INVALID_USERNAME" 11002 400 "用户名须为 1 至 32 个字符，且不含空白或控制字符" "A username has 1 to 32 characters, without blanks or control characters.";
    WeakPassword "WEAK_PASSWORD" 11003 400 "密码长度须为 6 至 128 个字符" "A password has 6 to 128 characters.";
    WrongCredentials "WRONG_CREDENTIALS" 11004 401 "用户名或密码错误" "The username or the password is wrong.";
    UserNotFound "USER_NOT_FOUND" 11005 404 "用户不存在" "This user does not exist.";
    NotAnImage "NOT_AN_IMAGE" 11006 400 "文件不是有效的图片" "The file is not an image that can be read (JPEG, PNG, GIF or WebP).";
    UploadNotFound "UPLOAD_NOT_FOUND" 11007 404 "上传的文件不存在或已被使用" "This upload does not exist, has expired or was already used.";
    // video
    VideoNotFound "VIDEO_NOT_FOUND" 12001 404 "视频不存在" "This video does not exist.";
    NotAVideo "NOT_A_VIDEO" 12002 400 "文件不是有效的视频" "The file is not a video that can be read (MP4, MOV or WebM).";
    FileTooLarge "FILE_TOO_LARGE" 12003 413 "文件过大" "The file is too large.";
    BlankTitle "BLANK_TITLE" 12004 400 "标题不能为空" "The title must not be blank.";
    TitleTooLong "TITLE_TOO_LONG" 12005 400 "标题不能超过 128 个字符" "The title has at most 128 characters.";
    DescriptionTooLong "DESCRIPTION_TOO_LONG" 12006 400 "简介不能超过 2000 个字符" "The description has at most 2000 characters.";
    // interaction
    CommentNotFound "COMMENT_NOT_FOUND" 13001 404 "评论不存在" "This comment does not exist.";
    BlankComment "BLANK_COMMENT" 13002 400 "评论内容不能为空" "The comment must not be blank.";
    CommentTooLong "COMMENT_TOO_LONG" 13003 400 "评论内容不能超过 1000 个字符" "A comment has at most 1000 characters.";
    CommentOfOtherVideo "COMMENT_OF_OTHER_VIDEO" 13004 400 "该评论不属于此视频" "The comment belongs to another video.";
    // social
    CannotFollowSelf "CANNOT_FOLLOW_SELF" 14001 400 "不能关注自己" "You cannot follow yourself.";
}

impl ErrorCode {
    /// Every code, in the order of the published table.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        TABLE.iter().map(|row| row.code)
    }

    /// The name in GraphQL's `extensions.code` and in `UserError.code`.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The number in `base.code` of the REST envelope; -1 is the generic failure. Never 10000, which is success.
    pub fn number(self) -> i32 {
        self.row().number
    }

    /// The HTTP status, where failures use statuses.
    pub fn http_status(self) -> u16 {
        self.row().status
    }

    /// A text that can be shown to a person.
    pub fn message(self, language: Language) -> &'static str {
        match language {
            Language::Chinese => self.row().chinese,
            Language::English => self.row().english,
        }
    }

    /// The code with this GraphQL name.
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.name == name).map(|row| row.code)
    }

    /// The table is written in the order of the variants, so the discriminant is the index.
    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_and_numbers_are_unique_and_never_mean_success() {
        let names: BTreeSet<_> = ErrorCode::all().map(ErrorCode::name).collect();
        let numbers: BTreeSet<_> = ErrorCode::all().map(ErrorCode::number).collect();
        assert_eq!(names.len(), TABLE.len());
        assert_eq!(numbers.len(), TABLE.len());
        assert!(!numbers.contains(&10_000));
    }

    #[test]
    fn every_row_is_found_by_its_code_and_by_its_name() {
        for row in TABLE {
            assert_eq!(row.code.name(), row.name);
            assert_eq!(ErrorCode::from_name(row.name), Some(row.code));
        }
        assert_eq!(ErrorCode::from_name("NO_SUCH_CODE"), None);
    }
}
