"""What the lists of the console share: they stay quick over millions of rows.

django.contrib.admin does the searching, filtering and paging, and nothing else: its forms, its
deleting, its own log and its actions are not reachable, since only the domain changes rows.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.options import ShowFacets
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Page, Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.functional import cached_property

from accounts.recheck import address_holds_secret
from accounts.requests import SignedInRequest
from tokens.errors import HoldsSecret

if TYPE_CHECKING:  # generic for the type checker alone
    AnyModelAdmin = ModelAdmin[Model]
    AnyPaginator = Paginator[Model]
else:
    AnyModelAdmin, AnyPaginator = ModelAdmin, Paginator

PAGE_SIZE = 50
MOST_COUNTED = 10_000


class BoundedPaginator(AnyPaginator):
    """Counts to 10,000 and no further: counting a million rows takes longer than showing fifty."""

    @cached_property
    def _counted(self) -> int:
        rows = self.object_list
        assert isinstance(rows, QuerySet)
        return rows.order_by()[: MOST_COUNTED + 1].count()

    @cached_property
    def count(self) -> int:
        return min(self._counted, MOST_COUNTED)

    @property
    def has_more(self) -> bool:
        """Whether there are rows that no page shows; a search or a filter finds them."""
        return self._counted > MOST_COUNTED


class BoundedChangeList(ChangeList):
    """Takes no notice of query parameters that are none of its filters'; past the end it shows the last page."""

    page: Page[Model]

    def get_filters_params(self, params: dict[str, Any] | None = None) -> dict[str, Any]:
        known = {list_filter.parameter_name for list_filter in self.list_filter}  # type: ignore[union-attr]  # classes all
        return {name: value for name, value in (params or self.filter_params).items() if name in known}

    def get_results(self, request: HttpRequest) -> None:
        self.paginator = BoundedPaginator(self.queryset, PAGE_SIZE)
        self.page = self.paginator.get_page(self.page_num)
        self.result_list, self.result_count = self.page.object_list, self.paginator.count


class ListAdmin(AnyModelAdmin):
    """A list of the console. A subclass names its template, order, filters and what a search finds."""

    search_label: ClassVar[str] = ""
    actions = None
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    preserve_filters = False

    def matching(self, term: str) -> Q:
        """The rows that a search finds, by exact value or beginning of indexed columns; where none is offered, all."""
        return Q()

    def rows(self, request: SignedInRequest, page: Iterable[Any]) -> list[Any]:
        """The page of rows as the template takes them."""
        return list(page)

    def changelist_view(  # type: ignore[override]  # whoever gets here is signed in
        self, request: SignedInRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if address_holds_secret(request.META["QUERY_STRING"]):
            messages.error(request, HoldsSecret.message)
            return redirect(request.path)  # no link of the page may hold the secret
        response = super().changelist_view(request, extra_context)
        assert isinstance(response, TemplateResponse)
        context = response.context_data or {}
        context["rows"] = self.rows(request, context["cl"].result_list)
        context["search_label"] = self.search_label
        return response

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return BoundedChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return (queryset.filter(self.matching(term)) if term else queryset), False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.admin_site.has_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
