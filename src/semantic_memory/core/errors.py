"""Every error the product raises, in one tree.

SemanticMemoryError
├── ConfigurationError          the operator must change something
│   ├── UnknownSettingError
│   ├── UnknownAdapterError
│   ├── MissingExtraError
│   ├── ModelFilesMissingError
│   └── EmbedderMismatchError
├── InvalidInputError           the caller must change something
│   ├── InvalidFilterError
│   ├── InputTooLongError
│   ├── TooLargeError
│   ├── UnsupportedTypeError
│   ├── EmptyDocumentError
│   ├── GeneratedFileError
│   └── NotIndexedError
├── AuthenticationError
├── ForbiddenError
├── NotFoundError
├── ConflictError
├── TooManyRequestsError
├── BudgetExceededError
├── OverloadedError             more work at once than this process takes on
├── ExtractionError             this one file cannot be read
│   ├── CorruptFileError
│   ├── PasswordRequiredError
│   ├── NeedsOcrError
│   ├── ExtractionLimitError
│   ├── ExtractionTimeoutError
│   └── ExtractorCrashedError
└── BackendError                something the product depends on failed
    ├── BackendUnavailableError
    ├── BackendTimeoutError
    ├── BackendResponseError
    ├── StorageFullError
    └── CorruptDataError

A class docstring is its default message; `code` is stable and public; `retryable` says whether the same call may succeed later.
"""

from typing import ClassVar


class SemanticMemoryError(Exception):
    """something went wrong"""

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())

    @property
    def message(self) -> str:
        return str(self)


class ConfigurationError(SemanticMemoryError):
    """the configuration is not usable"""

    code = "configuration"


class UnknownSettingError(ConfigurationError):
    """a setting is not known"""

    code = "unknown_setting"


class UnknownAdapterError(ConfigurationError):
    """no adapter has this name"""

    code = "unknown_adapter"


class MissingExtraError(ConfigurationError):
    """an optional dependency is not installed"""

    code = "missing_extra"


class ModelFilesMissingError(ConfigurationError):
    """the model files are missing; run `make models`"""

    code = "model_files_missing"


class EmbedderMismatchError(ConfigurationError):
    """the collection was embedded with another model"""

    code = "embedder_mismatch"


class InvalidInputError(SemanticMemoryError):
    """the input is not valid"""

    code = "invalid_input"


class InvalidFilterError(InvalidInputError):
    """the filter is not valid"""

    code = "invalid_filter"


class InputTooLongError(InvalidInputError):
    """the text exceeds the model's token budget"""

    code = "input_too_long"


class TooLargeError(InvalidInputError):
    """the file exceeds the size limit"""

    code = "too_large"


class UnsupportedTypeError(InvalidInputError):
    """no extractor reads this kind of file"""

    code = "unsupported_type"


class EmptyDocumentError(InvalidInputError):
    """the file holds no text"""

    code = "empty"


class GeneratedFileError(InvalidInputError):
    """the file is generated, minified or another project's; nobody wrote it to be read here"""

    code = "generated"


class NotIndexedError(InvalidInputError):
    """the file was accepted, but nothing of it could be indexed"""

    code = "not_indexed"


class AuthenticationError(SemanticMemoryError):
    """missing or invalid credentials"""

    code = "unauthenticated"


class ForbiddenError(SemanticMemoryError):
    """the role does not allow this"""

    code = "forbidden"


class NotFoundError(SemanticMemoryError):
    """not found"""

    code = "not_found"


class ConflictError(SemanticMemoryError):
    """somebody else changed it at the same time"""

    code = "conflict"
    retryable = True


class TooManyRequestsError(SemanticMemoryError):
    """too many requests"""

    code = "too_many_requests"
    retryable = True

    def __init__(self, message: str | None = None, *, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class BudgetExceededError(SemanticMemoryError):
    """the budget of chat model tokens is used up"""

    code = "budget_exceeded"
    retryable = True


class OverloadedError(SemanticMemoryError):
    """the server is busy; try again shortly"""

    code = "overloaded"
    retryable = True


class ExtractionError(SemanticMemoryError):
    """the file cannot be read"""

    code = "extraction_failed"


class CorruptFileError(ExtractionError):
    """the file is damaged or not what it claims to be"""

    code = "corrupt_file"


class PasswordRequiredError(ExtractionError):
    """the file is protected by a password"""

    code = "password_required"


class NeedsOcrError(ExtractionError):
    """the pages are pictures of text; they need OCR"""

    code = "needs_ocr"


class ExtractionLimitError(ExtractionError):
    """the file exceeds a limit of its extractor"""

    code = "extraction_limit"


class ExtractionTimeoutError(ExtractionError):
    """the file took too long to read"""

    code = "extraction_timeout"


class ExtractorCrashedError(ExtractionError):
    """the extractor process died on this file"""

    code = "extractor_crashed"


class BackendError(SemanticMemoryError):
    """a backend failed"""

    code = "backend"


class BackendUnavailableError(BackendError):
    """a backend cannot be reached"""

    code = "backend_unavailable"
    retryable = True


class BackendTimeoutError(BackendError):
    """a backend did not answer in time"""

    code = "backend_timeout"
    retryable = True


class BackendResponseError(BackendError):
    """a backend answered with something unusable"""

    code = "backend_response"


class StorageFullError(BackendError):
    """no space left on the device"""

    code = "storage_full"
    retryable = True


class CorruptDataError(BackendError):
    """stored data does not match its checksum"""

    code = "corrupt_data"
